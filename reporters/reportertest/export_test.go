package reportertest

import "testing"

// Run runs the tests of the suite one by one with what open returns, each
// under what wrap makes of t.
func Run(t *testing.T, open func(t *testing.T) Target, wrap func(t *testing.T, name string, run func(testing.TB))) {
	for _, test := range suite() {
		t.Run(test.name, func(t *testing.T) {
			target := open(t)
			wrap(t, test.name, func(tb testing.TB) {
				tb.Helper()
				test.run(&probe{tb, target})
			})
		})
	}
}
