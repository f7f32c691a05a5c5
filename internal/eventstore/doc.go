// Package eventstore is the way of one event to disk, and to memory where the
// disk refuses it.
package eventstore
