// Package baseline takes profiles while all signals are calm, for events to be
// compared with, and keeps them for the next start.
package baseline
