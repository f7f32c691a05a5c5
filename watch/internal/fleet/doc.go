// Package fleet watches all targets: each is read once an interval, its signals are
// judged, and what is suspected is captured.
package fleet
