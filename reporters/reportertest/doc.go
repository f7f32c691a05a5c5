// Package reportertest tests implementations of [holmes.Reporter]: the rules
// that the interface lists, as one suite.
//
//	func TestConformance(t *testing.T) {
//		reportertest.Test(t, func(t *testing.T) reportertest.Target {
//			receiver := newFakeReceiver(t)
//			return reportertest.Target{
//				Reporter: shop.NewReporter(receiver.URL),
//				Received: receiver.Event,
//			}
//		})
//	}
//
// A reporter that speaks HTTP has [Hostile] to pass, too.
//
// Run it with the race detector: a reporter that goes on reading an event after
// Report has returned is found by it alone.
package reportertest

import (
	"testing"

	"github.com/go-holmes/holmes"
)

// A Target is a reporter under test, together with its receiver. Each test
// opens one of its own.
type Target struct {
	Reporter holmes.Reporter
	// Received returns the files that the receiver holds of an event, by
	// name, event.json among them, and nothing for an event that it does not
	// hold. Leave it nil for a reporter that delivers less than whole events;
	// then what arrives is not looked at.
	Received func(id string) map[string][]byte
	// Stall makes the receiver stop answering until resume is called. Leave it
	// nil where there is nothing to wait for.
	Stall func() (resume func())
}

// Test runs the suite. Each of its tests calls open once, which reports what
// it cannot set up to t, and cleans up by t.Cleanup.
func Test(t *testing.T, open func(t *testing.T) Target) {
	t.Helper()
	for _, test := range suite() {
		t.Run(test.name, func(t *testing.T) {
			test.run(&probe{t, open(t), patience})
		})
	}
}
