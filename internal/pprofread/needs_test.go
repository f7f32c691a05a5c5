//go:build !race

package pprofread_test

import (
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/internal/pprofread"
	"github.com/go-holmes/holmes/internal/pproftext"
	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/go-holmes/holmes/internal/testkit"
)

// What is asked for a profile is enough to parse it, to write its text and to judge it
// beside another one, and not many times as much.
func TestNeedsIsEnough(t *testing.T) {
	for name, raw := range proftest.Real(t) {
		needs := pprofread.Needs(raw)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		p := testkit.Must(pprofread.Parse(raw))(t)
		require.NoError(t, pproftext.Write(io.Discard, p, 10))
		kind := pprofread.KindOf(p)
		c := diagnose.Case{Signal: "mem", Kinds: []string{kind}, Baseline: &diagnose.Baseline{}}
		for of, at := range map[string][2]**diagnose.Profile{
			"cpu": {&c.Event.CPU, &c.Baseline.CPU}, "heap": {&c.Event.Heap, &c.Baseline.Heap},
			"goroutine": {&c.Event.Goroutine, &c.Baseline.Goroutine},
		} {
			if of == kind {
				*at[0], *at[1] = p, p
			}
		}
		_ = diagnose.Diagnose(c, diagnose.Options{})
		runtime.ReadMemStats(&after)
		took := after.TotalAlloc - before.TotalAlloc
		require.LessOrEqual(t, took, needs, name)
		require.Less(t, needs, 4*took, name)
	}
}
