// Package capture takes profiles: those that are a moment's picture, and those
// that are recorded beside an event from its suspicion to its verdict. It asks
// before each what the capture would cost, and refuses one that could hurt the
// host.
package capture
