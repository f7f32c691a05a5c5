// Package capture takes profiles: snapshots, and recordings beside an event from its
// suspicion to its verdict. It estimates the cost of a capture before it begins, and
// refuses a capture that could hurt the host.
package capture
