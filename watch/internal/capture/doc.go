// Package capture takes the evidence of an event over HTTP, names the responsible
// function, and passes the event on.
//
//	suspicion.go  the life of an event, from the first suspicious sample on
//	builder.go    one event while it is built
//	kinds.go      the kinds of profile, one row each
//	pull.go       one profile
//	busy.go       a profiler that another program uses
//	check.go      what is accepted as a profile
//	limits.go     how many events are captured; ticket.go one that asks
//	baseline.go   profiles of calm times, by service and version
//	diagnosis.go  the verdict
package capture
