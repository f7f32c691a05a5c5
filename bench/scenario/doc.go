// Package scenario is the test bed of diagnosis: a web shop at work, and what
// can go wrong in it. In each [Scenario] one function is guilty, and is known;
// what holmes says of it is compared with that. In the controls nobody is.
//
// # The bed
//
//	outside/  visitors, a database, a partner's service: another process
//	shop/     the shop, and below it the packages that it is made of
//	faults/   the tables of scenarios
//	bed/      one run of a scenario, from its start to the event on disk
//	cmd/      diagnose-table, which runs all of them
//
// A run is a process of its own. It opens the shop, starts holmes with default
// options apart from thresholds (package bed has them), lets calm times pass,
// begins the fault, lets a fifth more visitors come, and ends with the event.
// What is judged is the event as it was on disk, read by another process.
//
// # Adding a scenario
//
// Write what goes wrong as code of the shop that might be anybody's, in a
// package where it belongs and under a name that tells nothing. Add a row to a
// table of package faults. A fault must be strong enough that a sane rule fires
// on a quiet machine of two cores: half a core more, hundreds of waiting
// goroutines, tens of MB a second; what changes no signal tests nothing.
package scenario
