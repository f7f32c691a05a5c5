package flight_test

import (
	"context"
	"math"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/flight"
	"github.com/go-holmes/holmes/internal/testkit"
)

const mb = 1_000_000

func TestMembersShareOneRecorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{rate: 1000}
		b := flight.New(f)
		require.False(t, b.Cost().Armed)
		first := arm(t, b, flight.Settings{MinAge: 5 * time.Second, MaxBytes: mb})
		second := arm(t, b, flight.Settings{MinAge: time.Second})
		require.True(t, b.Cost().Armed)
		require.Equal(t, 5*time.Second, f.minAge, "the first session decides")
		require.EqualValues(t, mb, f.most)
		disarm(t, first)
		starts, stops, _ := f.counts()
		require.Equal(t, []int{1, 0}, []int{starts, stops})
		require.ErrorIs(t, first.Err(), flight.ErrDisarmed)
		require.NoError(t, second.Err())
		disarm(t, first)
		disarm(t, second)
		disarm(t, second)
		starts, stops, _ = f.counts()
		require.Equal(t, []int{1, 1}, []int{starts, stops})
		require.False(t, b.Cost().Armed)
		disarm(t, arm(t, b, flight.Settings{}))
		starts, _, _ = f.counts()
		require.Equal(t, 2, starts)
	})
}

func TestForeignRecorderIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{refuse: true}
		b := flight.New(f)
		_, err := b.Arm(t.Context(), flight.Settings{})
		require.ErrorIs(t, err, flight.ErrBusy)
		require.ErrorContains(t, err, "already enabled")
		_, stops, _ := f.counts()
		require.Zero(t, stops, "what was not started is not stopped")
		require.Equal(t, 1, b.Cost().StoodDown)
		require.ErrorIs(t, b.Cost().Reason, flight.ErrBusy)
		f.set(func(f *fake) { f.refuse = false })
		disarm(t, arm(t, b, flight.Settings{}))
	})
}

func TestSettings(t *testing.T) {
	for name, s := range map[string]flight.Settings{
		"age":  {MinAge: -1},
		"size": {MaxBytes: -1},
		"rate": {MaxRate: -1},
		"nan":  {MaxRate: math.NaN()},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, testkit.Err(flight.New(&fake{}).Arm(t.Context(), s)), flight.ErrSettings)
		})
	}
	// 100 000 goroutines are too many for the default, whatever the machine.
	f := &fake{predict: 75 * 100_000}
	require.ErrorIs(t, testkit.Err(flight.New(f).Arm(t.Context(), flight.Settings{})), flight.ErrCostly)
	require.InDelta(t, 5*mb, flight.RateFor(0.05, 2), 1)
}

// A calm trace stays, and is measured less and less often, in the end once a
// second.
func TestCalmTraceIsMeasuredOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{rate: 100_000}
		b := flight.New(f)
		s := arm(t, b, flight.Settings{})
		pass(2 * time.Second)
		_, _, before := f.counts()
		pass(30 * time.Second)
		_, _, after := f.counts()
		require.InDelta(t, 30, after-before, 1)
		require.Less(t, before, 10)
		require.NoError(t, s.Err())
		c := b.Cost()
		require.InDelta(t, 100_000, c.Rate, 1000)
		require.InDelta(t, 3.2*mb, c.Bytes, 0.11*mb)
		require.Equal(t, after, c.Measured)
		require.Equal(t, 32*time.Second, c.For)
		disarm(t, s)
		require.Equal(t, 32*time.Second, b.Cost().For)
		require.Zero(t, b.Cost().Rate)
	})
}

// A trace that costs too much from the start ends after 50 ms, and no session is
// armed for a minute, then for two.
func TestCostlyTraceStandsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{rate: 20 * mb}
		b := flight.New(f)
		for _, rest := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
			begin := time.Now()
			s := arm(t, b, flight.Settings{MaxRate: 2 * mb})
			<-s.Lost()
			require.Equal(t, 50*time.Millisecond, time.Since(begin))
			require.ErrorIs(t, s.Err(), flight.ErrCostly)
			require.ErrorContains(t, s.Err(), "writes 20.0 MB/s, and 2.0 are allowed")
			require.ErrorIs(t, testkit.Err(s.WriteTo(t.Context(), nil, mb)), flight.ErrCostly)
			disarm(t, s)
			require.Equal(t, 50*time.Millisecond, time.Since(begin))

			_, err := b.Arm(t.Context(), flight.Settings{Always: true})
			require.ErrorIs(t, err, flight.ErrCostly)
			require.ErrorContains(t, err, "it pauses for "+rest.String()+" more")
			pass(rest)
		}
		starts, stops, _ := f.counts()
		require.Equal(t, 3, starts)
		require.Equal(t, 3, stops)
		require.Equal(t, 3, b.Cost().StoodDown)
		require.ErrorIs(t, b.Cost().Reason, flight.ErrCostly)

		// A calm minute makes up for it.
		f.set(func(f *fake) { f.rate = 0 })
		s := arm(t, b, flight.Settings{})
		pass(time.Minute)
		f.set(func(f *fake) { f.rate = 20 * mb })
		<-s.Lost()
		require.ErrorContains(t, testkit.Err(b.Arm(t.Context(), flight.Settings{})), "it pauses for 1m0s more")
		disarm(t, s)
	})
}

func TestEachSessionHasItsOwnLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{rate: mb}
		b := flight.New(f)
		strict := arm(t, b, flight.Settings{MaxRate: mb / 2})
		generous := arm(t, b, flight.Settings{MaxRate: 2 * mb})
		<-strict.Lost()
		pass(10 * time.Second)
		require.NoError(t, generous.Err())
		disarm(t, generous)
		disarm(t, strict)
		disarm(t, arm(t, b, flight.Settings{}))
	})
}

// A ring must reach back two seconds, whatever the session allows.
func TestRingMustReachBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{rate: 0.6 * mb}
		s := arm(t, flight.New(f), flight.Settings{MaxBytes: mb, MaxRate: 100 * mb})
		<-s.Lost()
		require.ErrorContains(t, s.Err(), "and 0.5 are allowed")
		disarm(t, s)
	})
}

// A ring that grows slowly is measured once a second; a burst is noticed at the next
// poll, by the allocations of the process.
func TestBurstIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{rate: 1000}
		s := arm(t, flight.New(f), flight.Settings{MaxBytes: 8 * mb, MaxRate: mb})
		pass(10*time.Second + 10*time.Millisecond)
		begin := time.Now()
		f.set(func(f *fake) { f.from, f.rate = time.Now(), 100*mb })
		<-s.Lost()
		require.LessOrEqual(t, time.Since(begin), 100*time.Millisecond)
		disarm(t, s)

		// Allocations of the process only cause a measurement.
		f = &fake{rate: 1000}
		b := flight.New(f)
		s = arm(t, b, flight.Settings{})
		pass(10 * time.Second)
		_, _, before := f.counts()
		f.set(func(f *fake) { f.extra += 100 * mb })
		pass(60 * time.Millisecond)
		_, _, after := f.counts()
		require.Equal(t, before+1, after)
		require.NoError(t, s.Err())
		disarm(t, s)
	})
}

// A trace that would be too large in an idle process is not started.
func TestManyGoroutinesAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{predict: 3 * mb}
		b := flight.New(f)
		_, err := b.Arm(t.Context(), flight.Settings{MaxRate: 2 * mb})
		require.ErrorIs(t, err, flight.ErrCostly)
		require.ErrorContains(t, err, "would write 3.0 MB/s, and 2.0 are allowed")
		starts, _, _ := f.counts()
		require.Zero(t, starts)
		disarm(t, arm(t, b, flight.Settings{MaxRate: 4 * mb}))
	})
	require.InDelta(t, 75*runtime.NumGoroutine(), new(flight.Runtime).Predict(), 750)
}

// The recorder is armed at most a tenth of any hour, unless a session wants it always.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{rate: 1000}
		b := flight.New(f)
		s := arm(t, b, flight.Settings{})
		pass(4 * time.Minute)
		disarm(t, s)
		s = arm(t, b, flight.Settings{})
		<-s.Lost()
		require.ErrorIs(t, s.Err(), flight.ErrBudget)
		require.InDelta(t, 6*time.Minute, b.Cost().For, float64(2*time.Second))
		disarm(t, s)
		require.ErrorIs(t, testkit.Err(b.Arm(t.Context(), flight.Settings{})), flight.ErrBudget)

		always := arm(t, b, flight.Settings{Always: true})
		s = arm(t, b, flight.Settings{}) // costs nothing more
		pass(10 * time.Minute)
		require.NoError(t, s.Err())
		disarm(t, always)
		<-s.Lost()
		require.ErrorIs(t, s.Err(), flight.ErrBudget)
		disarm(t, s)
		pass(2 * time.Hour)
		disarm(t, arm(t, b, flight.Settings{}))
	})
}

// The application stops the recorder with a call of trace.Stop too many.
func TestEndedByTheApplication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{rate: 1000}
		b := flight.New(f)
		s := arm(t, b, flight.Settings{})
		pass(time.Second)
		f.set(func(f *fake) { f.killed = true })
		<-s.Lost()
		require.ErrorIs(t, s.Err(), flight.ErrEnded)
		disarm(t, s)
		_, stops, _ := f.counts()
		require.Equal(t, 1, stops)
		disarm(t, arm(t, b, flight.Settings{}))
	})
}

// While the runtime does not answer, calls wait no longer than their contexts; when it
// answers, the recorder is stopped.
func TestRuntimeThatBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		within := func() context.Context {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			t.Cleanup(cancel)
			return ctx
		}
		requireLate := func(err error) {
			t.Helper()
			require.NotErrorIs(t, err, flight.ErrBusy, "it is not the application's")
			require.ErrorContains(t, err, "takes too long")
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		f := &fake{rate: 1000}
		b := flight.New(f)
		block := func() (release func()) {
			stuck := make(chan struct{})
			f.set(func(f *fake) { f.stuck = stuck })
			return func() {
				f.set(func(f *fake) { f.stuck = nil })
				close(stuck)
				synctest.Wait()
			}
		}

		release := block() // at the start
		_, err := b.Arm(within(), flight.Settings{})
		requireLate(err)
		_, err = b.Arm(within(), flight.Settings{})
		requireLate(err)
		release()
		starts, stops, _ := f.counts()
		require.Equal(t, []int{1, 1}, []int{starts, stops})

		s := arm(t, b, flight.Settings{})
		release = block() // while it writes
		var got written
		_, err = s.WriteTo(within(), &got, mb)
		requireLate(err)
		_, err = s.WriteTo(within(), &got, mb)
		requireLate(err)
		requireLate(s.Disarm(within()))
		require.ErrorIs(t, testkit.Err(s.WriteTo(within(), &got, mb)), flight.ErrDisarmed)
		release()
		require.Empty(t, got.parts, "the caller had given up")
		starts, stops, _ = f.counts()
		require.Equal(t, []int{2, 2}, []int{starts, stops})
		require.False(t, b.Cost().Armed)
		disarm(t, arm(t, b, flight.Settings{}))
	})
}
