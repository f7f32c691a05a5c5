// Package eventstore writes events to disk, and keeps in memory what the disk
// refuses.
package eventstore
