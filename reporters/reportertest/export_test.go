package reportertest

import (
	"testing"
	"time"

	"github.com/go-holmes/holmes"
)

// Run runs the tests of the suite one by one with what open returns, each
// under what wrap makes of t.
func Run(t *testing.T, open func(t *testing.T) Target, wrap func(t *testing.T, name string, run func(testing.TB))) {
	for _, test := range suite() {
		t.Run(test.name, func(t *testing.T) {
			target := open(t)
			wrap(t, test.name, func(tb testing.TB) {
				tb.Helper()
				test.run(&probe{tb, target, patience})
			})
		})
	}
}

// RunHostile runs the hostile case of a name against a reporter, and gives up
// sooner than the suite does.
func RunHostile(t testing.TB, name string, open func(url string) holmes.Reporter) {
	t.Helper()
	const soon = time.Second
	for _, c := range hostileCases() {
		if c.name == name {
			e, left := DiskEvent(t), takeStock(t)
			c.run(t, e, open, soon)
			left.check(t, soon)
			return
		}
	}
	panic("there is no case " + name)
}
