// Package faults has the tables of the shop's faults, and of controls that look like
// faults.
package faults

import (
	"context"
	"slices"

	"go.uber.org/zap"

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

// begin is a step that cannot fail.
func begin(do func(s *shop.Shop)) func(*shop.Shop) error {
	return func(s *shop.Shop) error {
		do(s)
		return nil
	}
}

// note logs that something failed, unless the shop has ended.
func note(ctx context.Context, s *shop.Shop, what string, err error) {
	if err != nil && ctx.Err() == nil {
		s.Log.Info(what, zap.Error(err))
	}
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
