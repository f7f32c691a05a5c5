// Package delivery delivers events to reporters: one queue and one sender for each
// reporter. Events wait on disk until they are delivered, or in memory if the disk
// refuses them.
package delivery
