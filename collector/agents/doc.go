// Package agents tests the collector with the client that Grafana generates for
// Pyroscope's Push, which is what Alloy sends with. It is a module of its own because
// of what that client brings along.
package agents
