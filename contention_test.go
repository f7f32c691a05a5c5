package holmes_test

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// fraction is the process's number.
func fraction() int { return runtime.SetMutexProfileFraction(-1) }

// fractionIs sets the process's number as an application would, until the test
// ends.
func fractionIs(t *testing.T, n int) {
	t.Helper()
	old := runtime.SetMutexProfileFraction(n)
	t.Cleanup(func() { runtime.SetMutexProfileFraction(old) })
}

// locking is a rule on a signal that rises in second 60, with mutex profiles.
func locking(hold time.Duration, kinds ...holmes.Kind) holmes.Option {
	return holmes.WithSource(rising("queue", 60), holmes.Threshold{Abs: 50, Hold: hold}, append(kinds, holmes.KindMutex)...)
}

// contendAt makes goroutines wait for a lock that is released in a stack of
// its own: its calls are the bits of n.
func contendAt(n, times int) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for range times {
		var mu sync.Mutex
		mu.Lock()
		done := make(chan struct{})
		go func() {
			defer close(done)
			mu.Lock()
			defer mu.Unlock()
		}()
		runtime.Gosched() // the other one runs until it waits
		descend(n, 20, mu.Unlock)
		<-done
	}
}

//go:noinline
func zero(n, depth int, f func()) { descend(n, depth, f) }

//go:noinline
func one(n, depth int, f func()) { descend(n, depth, f) }

//go:noinline
func descend(n, depth int, f func()) {
	switch {
	case depth == 0:
		f()
	case n&1 == 1:
		one(n>>1, depth-1, f)
	default:
		zero(n>>1, depth-1, f)
	}
}

// contended returns how often each of the stacks of contendAt is in a profile.
func contended(t *testing.T, p *holmes.Profile) map[int]int64 {
	t.Helper()
	out := map[int]int64{}
	for _, s := range parse(t, p).Sample {
		n, depth := 0, 0
		for _, l := range s.Location {
			switch name := l.Line[0].Function.Name; {
			case strings.HasSuffix(name, "_test.one"):
				n, depth = n<<1|1, depth+1
			case strings.HasSuffix(name, "_test.zero"):
				n, depth = n<<1, depth+1
			}
		}
		if depth > 0 {
			out[n] += s.Value[0]
		}
	}
	return out
}

// An event has the contention of its own time, and the process is as it was
// before and after it.
func TestMutexProfileIsOfTheEvent(t *testing.T) {
	runtime.SetMutexProfileFraction(1)
	contendAt(0b1, 50) // long before
	runtime.SetMutexProfileFraction(0)
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		l := newLab(t, locking(15*time.Second)).run(t)
		seconds(59)
		require.Equal(t, holmes.LockArmed, fraction())
		contendAt(0b10, 50) // before the suspicion
		seconds(2)
		require.Equal(t, holmes.LockFraction, fraction(), "with the suspicion")
		contendAt(0b11, 700)
		seconds(16)
		require.Equal(t, holmes.LockArmed, fraction(), "as before")
		contendAt(0b100, 50)
		require.Len(t, l.got.all(), 1)
		p := l.got.all()[0].Profile(holmes.KindMutex)
		require.NotNil(t, p, "%+v", l.got.all()[0].Profiles)
		require.Equal(t, "mutex.pb.gz", p.File)
		require.WithinDuration(t, begin.Add(60*time.Second), p.Start, 0)
		require.Equal(t, 15*time.Second, p.Duration)
		require.Contains(t, p.Note, "1 in 7")
		counts := contended(t, p)
		require.Len(t, counts, 1, "nothing of what was before")
		require.InDelta(t, 700, counts[0b11], 350, "scaled up")
		require.EqualValues(t, 15*time.Second, parse(t, p).DurationNanos)
		require.Equal(t, begin.Add(60*time.Second).UnixNano(), parse(t, p).TimeNanos)
	})
}

// Nothing to see is a reason, not an empty file.
func TestMutexProfileWithoutContention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, locking(5*time.Second, holmes.KindGoroutine)).run(t)
		seconds(80)
		e := l.got.all()[0]
		require.NotNil(t, e.Profile(holmes.KindGoroutine))
		if p := e.Profile(holmes.KindMutex); p != nil { // something in this process did wait
			require.NotEmpty(t, parse(t, p).Sample)
			return
		}
		require.NoFileExists(t, filepath.Join(e.Dir, "mutex.pb.gz"))
		require.ErrorContains(t, e.Profiles[len(e.Profiles)-1].Err, "no wait")
	})
}

// A capture that does not fit is refused before anything is changed.
func TestMutexProfileThatDoesNotFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, locking(5*time.Second))
		l.SetCapture(holmes.KindMutex, 2<<30, func(io.Writer) error { panic("asked") })
		l.run(t)
		seconds(61)
		require.Equal(t, holmes.LockArmed, fraction())
		seconds(20)
		require.ErrorContains(t, l.got.all()[0].Profiles[0].Err, holmes.ErrNoRoom.Error())
	})
}

// On demand: for the sampling time, and where nothing had it armed after a second
// in which locks change hands.
func TestCaptureNowTakesAMutexProfile(t *testing.T) {
	capture := func(ctx context.Context, t *testing.T, l *lab, kinds ...holmes.Kind) (e *holmes.Event, took time.Duration) {
		t.Helper()
		before := fraction()
		done := make(chan struct{})
		begin := time.Now()
		go func() {
			defer close(done)
			e, _ = l.CaptureNow(ctx, kinds...)
		}()
		seconds(1)
		require.Equal(t, holmes.LockFraction, fraction())
		contendAt(0b1, 100)
		<-done
		require.Equal(t, before, fraction())
		return e, time.Since(begin)
	}
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t).run(t)
		require.Zero(t, fraction(), "no signal wants it")
		e, took := capture(t.Context(), t, l, holmes.KindMutex)
		require.Equal(t, 6*time.Second, took)
		require.Equal(t, 5*time.Second, e.Profile(holmes.KindMutex).Duration)
		require.Contains(t, e.Profile(holmes.KindMutex).Note, "a queue already")

		l.Enable(holmes.SignalMutexWait)
		seconds(1)
		e, took = capture(t.Context(), t, l, holmes.KindMutex)
		require.Equal(t, 5*time.Second, took)
		require.NotContains(t, e.Profile(holmes.KindMutex).Note, "a queue already")

		e, took = capture(t.Context(), t, l, holmes.KindMutex, holmes.KindCPU)
		require.Equal(t, 5*time.Second, took, "both at once")
		require.NotNil(t, e.Profile(holmes.KindCPU))
		require.NotNil(t, e.Profile(holmes.KindMutex))

		l.profiler.Foreign(true)
		e, took = capture(t.Context(), t, l, holmes.KindMutex, holmes.KindCPU)
		require.Equal(t, 5*time.Second, took, "although there is no CPU profile")
		require.NotNil(t, e.Profile(holmes.KindMutex))

		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		e, took = capture(ctx, t, l, holmes.KindMutex)
		require.Equal(t, 2*time.Second, took)
		require.NotNil(t, e.Profile(holmes.KindMutex))

		l.Disable(holmes.SignalMutexWait)
		seconds(1)
		require.Zero(t, fraction())
	})
}

// A lock whose queue never empties, on the real runtime: what is recorded is
// neither nothing nor the time since the machine was started.
func TestMutexProfileOfAStandingQueue(t *testing.T) {
	h, err := holmes.New(holmes.WithDumpPath(t.TempDir()), holmes.WithLogger(nil), holmes.WithCPUSamplingTime("200ms"))
	require.NoError(t, err)
	h.Enable(holmes.SignalMutexWait)
	require.NoError(t, h.Start())
	defer h.Stop()
	const many = 20
	var mu sync.Mutex
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	defer wg.Wait()
	defer cancel()
	for range many {
		wg.Go(func() {
			for ctx.Err() == nil {
				holdForMilliseconds(&mu)
			}
		})
	}
	delay := func() time.Duration {
		e := testkit.Must(h.CaptureNow(t.Context(), holmes.KindMutex))(t)
		p := e.Profile(holmes.KindMutex)
		require.NotNil(t, p, "%+v", e.Profiles)
		sum := int64(0)
		for _, s := range parse(t, p).Sample {
			sum += s.Value[1]
		}
		require.Positive(t, sum)
		return time.Duration(float64(sum) / p.Duration.Seconds())
	}
	require.Less(t, delay(), many*10*time.Second, "per second, by a sample of some dozen")
	require.Less(t, delay(), many*10*time.Second)
	h.Disable(holmes.SignalMutexWait)
	require.Eventually(t, func() bool { return fraction() == 0 }, 10*time.Second, time.Millisecond)
	require.Less(t, delay(), many*10*time.Second, "on demand, with nothing armed")
	require.Zero(t, fraction())
}

// A block profile beside each mutex profile, and its rate off afterwards.
func TestBlockProfile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var rates []int
		set := func(n int) {
			mu.Lock()
			defer mu.Unlock()
			rates = append(rates, n)
			runtime.SetBlockProfileRate(n)
		}
		l := newLab(t, locking(15*time.Second), holmes.WithBlockProfile(10*time.Microsecond))
		holmes.SetBlockRate(set, l.Holmes)
		l.run(t)
		seconds(60)
		for range 20 {
			seconds(1) // waits for a timer, in synthetic time
		}
		require.Len(t, l.got.all(), 1)
		require.Equal(t, []int{10_000, 0}, rates)
		p := l.got.all()[0].Profile(holmes.KindBlock)
		require.NotNil(t, p, "%+v", l.got.all()[0].Profiles)
		require.Equal(t, "block.pb.gz", p.File)
		require.Contains(t, p.Note, "one record for each 10µs")
		require.NotEmpty(t, parse(t, p).Sample)
		var before, after bytes.Buffer
		require.NoError(t, pprof.Lookup("block").WriteTo(&before, 1))
		seconds(5)
		require.NoError(t, pprof.Lookup("block").WriteTo(&after, 1))
		require.Equal(t, before.String(), after.String(), "nothing is recorded any more")
	})
}

func TestBlockProfileNeedsItsRate(t *testing.T) {
	asks := holmes.WithSource(rising("queue", 60), holmes.Threshold{Abs: 50}, holmes.KindBlock)
	rate := holmes.WithBlockProfile(time.Microsecond)
	for _, opts := range [][]holmes.Option{{asks, rate}, {rate, asks}} {
		require.NoError(t, testkit.Err(holmes.New(opts...)))
	}
	require.ErrorContains(t, testkit.Err(holmes.New(asks)), `signal queue: kind "block" needs WithBlockProfile`)
	h := testkit.Must(holmes.New(asks, rate))(t)
	require.ErrorContains(t, h.Set(holmes.WithBlockProfile(0)), "needs WithBlockProfile")
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t).run(t)
		_, err := l.CaptureNow(t.Context(), holmes.KindBlock)
		require.ErrorContains(t, err, `CaptureNow: kind "block" needs WithBlockProfile`)
	})
}

// Real contention, real time, the built-in signal: who holds the lock is named.
func TestMutexWaitOfRealContention(t *testing.T) {
	got := &collector{}
	h, err := holmes.New(holmes.WithDumpPath(t.TempDir()), holmes.WithReporter(got), holmes.WithLogger(nil),
		holmes.WithCollectInterval("10ms"), holmes.WithCPUSamplingTime("300ms"),
		holmes.WithRule(holmes.SignalMutexWait, holmes.Threshold{Abs: 2, Window: time.Second, Hold: 500 * time.Millisecond}))
	require.NoError(t, err)
	h.Disable(holmes.SignalCPU, holmes.SignalMem, holmes.SignalGCHeap, holmes.SignalGoroutine, holmes.SignalThread)
	require.NoError(t, h.Enable(holmes.SignalMutexWait).Start())
	defer h.Stop()
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for ctx.Err() == nil {
				holdForMilliseconds(&mu)
			}
		})
	}
	require.Eventually(t, func() bool { return len(got.all()) > 0 }, 30*time.Second, 10*time.Millisecond)
	cancel()
	wg.Wait()
	e := got.all()[0]
	require.Equal(t, holmes.SignalMutexWait, e.Trigger.Sample.Signal)
	require.Contains(t, e.Trigger.Sentence(), "lock wait")
	require.NotNil(t, e.Profile(holmes.KindMutex), "%+v", e.Profiles)
	require.NotNil(t, e.Profile(holmes.KindGoroutine))
	require.NotEmpty(t, e.Diagnosis.Culprits)
	require.Contains(t, e.Diagnosis.Culprits[0].Function, "holdForMilliseconds")
	h.Stop()
	require.Zero(t, fraction())
}

//go:noinline
func holdForMilliseconds(mu *sync.Mutex) {
	mu.Lock()
	<-time.After(2 * time.Millisecond)
	mu.Unlock()
}

// BenchmarkWaitNeeds measures what the table of captures predicts for the
// profiles of waiting: bytes allocated by all of one, per stack in it.
func BenchmarkWaitNeeds(b *testing.B) {
	defer runtime.SetMutexProfileFraction(runtime.SetMutexProfileFraction(1))
	stacks := 0
	for _, n := range []int{10, 1000, 4000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for ; stacks < n; stacks++ {
				contendAt(stacks, 1)
			}
			watch, end := holmes.WatchContention(neverFires(b), holmes.KindMutex)
			defer end()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for b.Loop() {
				watch()
			}
			runtime.ReadMemStats(&after)
			allocated := float64(after.TotalAlloc-before.TotalAlloc) / float64(b.N)
			b.ReportMetric(allocated/float64(n), "B/stack")
			b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/event")
			b.ReportMetric(float64(holmes.CaptureNeeds(holmes.KindMutex))/allocated, "predicted/real")
		})
	}
}
