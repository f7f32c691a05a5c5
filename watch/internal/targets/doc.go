// Package targets finds the targets of all jobs with the discovery and the relabeling
// of Prometheus.
//
//	discovery.go    the mechanisms
//	manager.go      groups of discovery in, lists of targets out
//	build.go        one target from its labels
//	annotations.go  opt-in by annotations of pods
//	target.go       a target; one for each address and container
package targets
