// Package faults has the tables of the shop's faults, and of controls that look like
// faults.
package faults

import (
	"slices"

	"github.com/go-holmes/holmes/bench/scenario"
	"github.com/go-holmes/holmes/bench/scenario/outside"
	"github.com/go-holmes/holmes/bench/scenario/shop"
)

// All returns the scenarios in the order of the table, controls last.
func All() []scenario.Scenario {
	return slices.Concat(cpu(), words(), allocations(), locks(), readers(), leaks(), pools(), threads(), maps(), buffers(), slow(), controls())
}

// Find returns the scenario of a name.
func Find(name string) (s scenario.Scenario, ok bool) {
	all := All()
	i := slices.IndexFunc(all, func(s scenario.Scenario) bool { return s.Name == name })
	if i < 0 {
		return s, false
	}
	return all[i], true
}

// visit starts visits of a path, so many a second.
func visit(path string, perSecond float64) func(*shop.Shop) error {
	return func(s *shop.Shop) error {
		return s.World.Visit(outside.Visit{Path: path, PerSecond: perSecond})
	}
}

// compute starts visits of a path one after the other, without a pause: on any machine
// that takes most of a core and not more.
func compute(path string) func(*shop.Shop) error {
	return func(s *shop.Shop) error {
		return s.World.Visit(outside.Visit{Path: path, PerSecond: 1000, Most: 1})
	}
}
