// Package scenario is the test bed of diagnosis: a web shop under load, and faults of
// it. In each [Scenario] one known function is guilty, and the diagnosis of holmes is
// compared with it. In the controls no function is guilty.
//
// # The bed
//
//	outside/  clients, a database, a partner's service: another process
//	shop/     the shop, and its packages below it
//	faults/   the tables of scenarios
//	bed/      one run of a scenario, from its start to the event on disk
//	cmd/      diagnose-table, which runs all of them
//
// A run is a process of its own. It opens the shop, starts holmes with default
// options apart from thresholds (package bed has them), runs without a fault for a
// while, begins the fault with a fifth more load, and ends with the event. Another
// process reads and judges the event on disk.
//
// # Adding a scenario
//
// Write the fault as ordinary code of the shop, in the package where it belongs and
// under a neutral name. Add a row to a table of package faults. A fault must be strong
// enough that a sensible rule fires on a quiet machine of two cores: half a core more,
// hundreds of waiting goroutines, tens of MB a second; a fault that changes no signal
// tests nothing.
package scenario
