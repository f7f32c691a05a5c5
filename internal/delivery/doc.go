// Package delivery brings events to reporters: one queue and one sender for each
// reporter, events on disk until they are delivered, and in memory what the disk
// refuses.
package delivery
