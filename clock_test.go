package holmes_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// A wall clock that is set, summer time and a suspend move no cool-down,
// no interval and no order.
func TestWallClockStepsMoveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithDailyBudget(100))
		var step atomic.Int64
		l.SetWall(func() time.Time { return time.Now().Add(time.Duration(step.Load())).Round(0) })
		l.run(t)
		const years = 10 * 365 * 24 * time.Hour
		ids := []string{}
		for _, shift := range []time.Duration{0, years, -years, time.Hour, -time.Hour, 0}[testkit.Heavy(0, 2):] {
			step.Store(int64(shift))
			l.host.CPU(func() float64 { return 5 })
			seconds(testkit.Heavy(4, 1) * 3600) // the back-off is over
			before := len(l.got.all())
			l.host.CPU(func() float64 { return 90 })
			seconds(20)
			step.Add(int64(years)) // in the middle of the cool-down
			l.host.CPU(func() float64 { return 5 })
			seconds(10)
			l.host.CPU(func() float64 { return 90 })
			seconds(25)
			require.Contains(t, l.WhyNot(holmes.SignalCPU), "cooling down")
			synctest.Wait()
			require.Len(t, l.got.all(), before+1, "shift %v", shift)
			ids = append(ids, l.got.all()[before].ID)
		}
		require.True(t, slices.IsSorted(ids), "%v", ids)
		require.Zero(t, l.Stats().Late)
	})
}
