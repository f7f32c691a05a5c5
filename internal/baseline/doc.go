// Package baseline takes profiles while all is calm and keeps them, also for the
// next start: what an event is compared with.
package baseline
