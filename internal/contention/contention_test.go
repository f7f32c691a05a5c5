package contention_test

import (
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/internal/contention"
	"github.com/go-holmes/holmes/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// process is the number that a process has, and what was set.
type process struct {
	fraction int
	sets     []int
	between  func() // runs once before the next change
}

func (p *process) rate(n int) int {
	if n < 0 {
		return p.fraction
	}
	if f := p.between; f != nil {
		p.between = nil
		f()
	}
	old := p.fraction
	p.fraction = n
	p.sets = append(p.sets, n)
	return old
}

// newLocks are locks of a process with a fraction.
func newLocks(fraction int) (*process, *contention.Locks) {
	p := &process{fraction: fraction}
	return p, contention.NewLocks(p.rate)
}

const ours = contention.Fraction

func TestLocksOnAndOff(t *testing.T) {
	p, l := newLocks(0)
	a := l.Hold()
	require.Equal(t, ours, p.fraction)
	require.Equal(t, ours, a.Fraction)
	require.False(t, a.Foreign)
	b := l.Hold()
	require.False(t, b.Foreign)
	require.Equal(t, ours, a.Release())
	require.Equal(t, ours, p.fraction, "one is left")
	require.Zero(t, a.Release(), "again does nothing")
	require.Equal(t, ours, p.fraction)
	b.Release()
	require.Zero(t, p.fraction)
	l.Hold().Release()
	require.Equal(t, []int{ours, 0, ours, 0}, p.sets, "nothing was set without need")
}

// Armed before and after, and never 0 in between.
func TestLocksArmed(t *testing.T) {
	p, l := newLocks(0)
	disarm, fresh := l.Arm()
	require.True(t, fresh)
	second, fresh := l.Arm()
	require.False(t, fresh)
	a := l.Hold()
	require.Equal(t, ours, a.Fraction)
	require.False(t, a.Foreign)
	disarm()
	disarm()
	require.Equal(t, ours, p.fraction, "it is held")
	a.Release()
	require.Equal(t, contention.Armed, p.fraction, "there is another")
	b := l.Hold()
	second()
	b.Release()
	require.Equal(t, []int{contention.Armed, ours, contention.Armed, ours, 0}, p.sets)
}

// Arm changes nothing while the fraction is held.
func TestLocksArmedWhileHeld(t *testing.T) {
	p, l := newLocks(0)
	a := l.Hold()
	disarm, fresh := l.Arm()
	require.False(t, fresh)
	require.Equal(t, ours, p.fraction)
	a.Release()
	require.Equal(t, contention.Armed, p.fraction)
	disarm()
	require.Zero(t, p.fraction)
}

// The application profiles for a while, in one of two manners, and we are armed
// again after it.
func TestLocksArmedAndTheApplication(t *testing.T) {
	for name, back := range map[string]func(found int) int{
		"puts back what it found": func(found int) int { return found },
		"turns it off":            func(int) int { return 0 },
	} {
		t.Run(name, func(t *testing.T) {
			p, l := newLocks(0)
			disarm, _ := l.Arm()
			found := p.rate(100)
			a := l.Hold()
			require.Equal(t, 100, a.Fraction)
			require.True(t, a.Foreign)
			a.Release()
			l.Settle()
			require.Equal(t, 100, p.fraction)
			p.rate(back(found))
			b := l.Hold()
			require.False(t, b.Foreign)
			b.Release()
			require.Equal(t, contention.Armed, p.fraction)
			disarm()
			require.Zero(t, p.fraction)
		})
	}
}

// The application's fraction is used, and never changed.
func TestLocksLeavesTheApplicationsFraction(t *testing.T) {
	for _, own := range []int{1, 5, 1_000_000, ours, contention.Armed} {
		p, l := newLocks(own)
		disarm, fresh := l.Arm()
		require.False(t, fresh)
		a, b := l.Hold(), l.Hold()
		require.Equal(t, own, a.Fraction)
		require.True(t, a.Foreign)
		require.True(t, b.Foreign)
		b.Release()
		require.Equal(t, own, a.Release())
		disarm()
		l.Settle()
		require.Equal(t, own, p.fraction)
		require.Empty(t, p.sets)
	}
}

func TestLocksWhileTheApplicationChangesIt(t *testing.T) {
	for name, own := range map[string]int{"sets its own": 100, "turns it off": 0} {
		t.Run(name, func(t *testing.T) {
			p, l := newLocks(0)
			a := l.Hold()
			p.rate(own)
			sets := len(p.sets)
			disarm, _ := l.Arm()
			b := l.Hold()
			require.Equal(t, own, p.fraction, "the second does not change it either")
			require.Equal(t, own, b.Fraction)
			require.True(t, b.Foreign)
			b.Release()
			require.Equal(t, own, a.Release())
			require.Equal(t, own, p.fraction)
			l.Settle()
			require.Equal(t, own, p.fraction)
			require.Len(t, p.sets, sets, "not for a moment")
			disarm()
			require.Equal(t, own, p.fraction)
		})
	}
}

// The application sets its own fraction for a while and then the one that it
// found, which was ours.
func TestLocksIsPutBackByTheApplication(t *testing.T) {
	t.Run("and settled", func(t *testing.T) {
		p, l := newLocks(0)
		a := l.Hold()
		found := p.rate(100)
		a.Release()
		l.Settle()
		require.Equal(t, 100, p.fraction, "as long as it wants it")
		p.rate(found)
		l.Settle()
		require.Zero(t, p.fraction)
		p.rate(ours)
		l.Settle()
		require.Equal(t, ours, p.fraction, "nothing is owed any more")
	})
	t.Run("and settled to armed", func(t *testing.T) {
		p, l := newLocks(0)
		disarm, _ := l.Arm()
		a := l.Hold()
		found := p.rate(100)
		a.Release()
		p.rate(found)
		l.Settle()
		require.Equal(t, contention.Armed, p.fraction)
		disarm()
		require.Zero(t, p.fraction)
	})
	t.Run("and held again", func(t *testing.T) {
		p, l := newLocks(0)
		a := l.Hold()
		found := p.rate(100)
		a.Release()
		p.rate(found)
		b := l.Hold()
		require.False(t, b.Foreign)
		l.Settle()
		require.Equal(t, ours, p.fraction, "not while it is held")
		b.Release()
		require.Zero(t, p.fraction)
	})
}

// The application may set it between our look and our change.
func TestLocksLosesTheRace(t *testing.T) {
	t.Run("to turn it on", func(t *testing.T) {
		p := &process{}
		p.between = func() { p.fraction = 100 }
		l := contention.NewLocks(p.rate)
		a := l.Hold()
		require.Equal(t, 100, p.fraction)
		require.True(t, a.Foreign)
		a.Release()
		require.Equal(t, 100, p.fraction)
		p.fraction = ours
		l.Settle()
		require.Equal(t, ours, p.fraction, "it was never ours")
	})
	t.Run("to turn it off", func(t *testing.T) {
		p, l := newLocks(0)
		a := l.Hold()
		p.between = func() { p.fraction = 100 }
		a.Release()
		require.Equal(t, 100, p.fraction)
		p.fraction = ours // and puts back what it found
		l.Settle()
		require.Zero(t, p.fraction)
	})
}

// Many at once, and the runtime's own number.
func TestLocksOfTheRuntime(t *testing.T) {
	require.Zero(t, runtime.SetMutexProfileFraction(-1))
	l := contention.NewLocks(runtime.SetMutexProfileFraction)
	testkit.Together(100, func(int) {
		for range 50 {
			h := l.Hold()
			runtime.Gosched()
			if h.Release() != ours || h.Foreign {
				t.Error("it was off while it was held")
			}
			disarm, _ := l.Arm()
			l.Settle()
			disarm()
		}
	})
	require.Zero(t, runtime.SetMutexProfileFraction(-1))
}

func TestBlocks(t *testing.T) {
	var rate int
	b := contention.NewBlocks(func(n int) { rate = n })
	a := b.Hold(10 * time.Microsecond)
	require.Equal(t, 10_000, rate)
	c := b.Hold(time.Microsecond)
	require.Equal(t, 1000, rate, "the shorter time applies")
	d := b.Hold(10 * time.Microsecond)
	require.Equal(t, 1000, rate)
	c()
	require.Equal(t, 10_000, rate)
	a()
	a()
	require.Equal(t, 10_000, rate, "again does nothing")
	d()
	require.Zero(t, rate)
}

func TestBlocksAtOnce(t *testing.T) {
	var rate atomic.Int64
	b := contention.NewBlocks(func(n int) { rate.Store(int64(n)) })
	testkit.Together(50, func(int) {
		for range 50 {
			release := b.Hold(time.Duration(1 + rand.IntN(1000)))
			if rate.Load() == 0 {
				t.Error("off while it is held")
			}
			release()
		}
	})
	require.Zero(t, rate.Load())
}
