package holmes_test

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

const mib = 1 << 20

// watched is a lab with the memory watcher on. Its limit is 1 GiB.
func watched(t *testing.T, opts ...holmes.Option) *lab {
	t.Helper()
	runtime.GC() // the watcher reads the real heap's goal too, which an earlier test may have raised
	return newLab(t, append([]holmes.Option{holmes.WithMemoryWatch(true)}, opts...)...)
}

// grow raises the memory of the host by so many MiB a second, in steps of 5 ms,
// up to a level, beginning between two ticks. A collection finishes whenever 64
// MiB were added.
func (l *lab) grow(from, to, rate int) {
	<-time.After(300 * time.Millisecond)
	collected := 0.0
	for used := float64(from); used < float64(to); used += float64(rate) / 200 {
		l.host.Memory(uint64(used * mib))
		if used-collected >= 64 {
			collected = used
			select {
			case l.host.Collected <- struct{}{}:
			default:
			}
		}
		<-time.After(5 * time.Millisecond)
	}
	l.host.Memory(uint64(to) * mib)
}

// Memory that will be full at once is an event at once, whatever the hold and
// the level.
func TestWatcherForecasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := watched(t).run(t)
		l.host.Memory(300 * mib)
		seconds(30)
		l.grow(300, 780, 1500)
		synctest.Wait()
		dirs := testkit.Must(filepath.Glob(filepath.Join(l.dir, "2*-mem-*")))(t)
		require.Len(t, dirs, 1)
		e := testkit.Must(holmes.LoadEvent(dirs[0]))(t)
		require.Equal(t, holmes.CodeForecast, e.Trigger.Reason.Code)
		require.Contains(t, e.Trigger.Sentence(), "full in ")
		require.Less(t, e.Trigger.Sample.Value, 80.0)
		require.NotNil(t, e.Profile(holmes.KindHeap))
		require.InDelta(t, 1500, e.Readings.MemoryRate/mib, 20)
		require.InDelta(t, 1024-e.Trigger.Sample.Value*10.24, float64(e.Readings.MemoryRoom/mib), 1)

		seconds(3)
		require.Equal(t, holmes.StateConfirmed, l.event(t).State)
		seconds(60)
		require.Len(t, l.got.all(), 1, "the signal monitor does not report the same again")
	})
}

// The heap profile is on disk before anything else is written, and before the
// user's functions are called.
func TestWatcherWritesTheHeapFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l *lab
		var labelled atomic.Bool
		l = watched(t, holmes.WithLabelFunc(func() map[string]string { labelled.Store(true); return nil }))
		var files []string
		l.SetCapture(holmes.KindHeap, 0, func(w io.Writer) error {
			dirs, _ := filepath.Glob(filepath.Join(l.dir, "2*-mem-*"))
			for _, dir := range dirs {
				entries, _ := os.ReadDir(dir)
				for _, e := range entries {
					files = append(files, e.Name())
				}
			}
			require.False(t, labelled.Load())
			return testkit.Err(w.Write([]byte("heap")))
		})
		l.run(t)
		seconds(30)
		l.grow(900, 901, 1)
		seconds(3)
		require.Len(t, l.got.all(), 1)
		require.True(t, labelled.Load())
		require.NotEmpty(t, files, "what the profile is being written to")
		require.NotContains(t, files, "event.json")
	})
}

// Over the absolute threshold an event needs no forecast. It is one, until
// memory has grown another 5 points and the cool-down is over.
func TestWatcherAbs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := watched(t).run(t)
		seconds(30)
		l.host.Memory(850 * mib) // 83 %, seen by the tick or by the watcher
		seconds(30)
		require.Contains(t, l.event(t).Trigger.Sentence(), "above 80 %")
		seconds(10 * 60)
		require.Len(t, l.got.all(), 1, "a level that stays is one event")
		l.host.Memory(880 * mib) // 85.9 %, not 5 points more
		seconds(60)
		require.Len(t, l.got.all(), 1)
		l.host.Memory(910 * mib)
		seconds(60)
		require.Len(t, l.got.all(), 2)
	})
}

// While its event is open, memory that grows by another step adds a profile to
// it, and no event.
func TestWatcherRefreshes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := watched(t).run(t)
		l.host.Memory(300 * mib)
		seconds(30)
		l.grow(300, 1000, 1500)
		seconds(5)
		require.Len(t, l.got.all(), 1)
		var heaps []string
		for _, p := range l.got.all()[0].Profiles {
			if p.Kind == holmes.KindHeap && p.Captured() && p.File != "heap-gc.pb.gz" { // collections of this process
				heaps = append(heaps, p.File)
			}
		}
		require.Equal(t, []string{"heap.pb.gz", "heap-2.pb.gz", "heap-3.pb.gz", "heap-4.pb.gz"}, heaps)
	})
}

// An event without time for a collection says so.
func TestWatcherSkipsTheCollection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := watched(t, holmes.WithForcedGC(true))
		l.SetCapture(holmes.KindHeap, 0, func(w io.Writer) error {
			<-time.After(200 * time.Millisecond) // a large heap, a slow disk
			return testkit.Err(w.Write([]byte("heap")))
		})
		l.run(t)
		l.host.Memory(300 * mib)
		seconds(30)
		l.grow(300, 980, 3000)
		seconds(5)
		e := l.event(t)
		require.Zero(t, e.Cost.ForcedGC)
		require.Contains(t, notes(e), "no second profile: memory is full in ")
	})
}

func notes(e *holmes.Event) (all string) {
	for _, p := range e.Profiles {
		all += p.Note + "\n"
	}
	return all
}

// An idle process is not woken up for a look of its own: whatever has made one in
// between, those that follow come with ticks, and once a second however many of
// these there are.
func TestWatcherLooksWithTheTick(t *testing.T) {
	for _, interval := range []time.Duration{20 * time.Millisecond, 250 * time.Millisecond, time.Second, 2 * time.Second} {
		testkit.Bubble(t, interval.String(), func(t *testing.T) {
			l := watched(t, holmes.WithCollectInterval(interval.String()))
			begun := time.Now()
			reads := map[time.Duration]int{} // of ticks, and of looks
			l.host.OnUsage = func() { reads[time.Since(begun)]++ }
			l.run(t)
			const between = 3405 * time.Millisecond
			<-time.After(between)
			l.host.Collected <- struct{}{}
			seconds(10)
			l.Stop()
			require.Equal(t, 1, reads[between])
			looks := 0
			for at, n := range reads {
				switch {
				case at <= between:
				case at%interval == 0:
					looks += n - 1
				default:
					require.Greater(t, interval, time.Second, "a look %v after the start", at)
					looks += n
				}
			}
			require.InDelta(t, 10, looks, 1)
		})
	}
}

// Memory that moves within its usual range is no event, and none is one with the
// watcher or its signal off.
func TestWatcherIsQuiet(t *testing.T) {
	for name, tt := range map[string]struct {
		load func() float64 // MiB
		opts []holmes.Option
		off  bool
	}{
		"steady":        {load: uniform(1, 580, 620)},
		"saw of 300":    {load: uniform(2, 300, 600)},
		"watcher off":   {load: func() float64 { return 990 }, opts: []holmes.Option{holmes.WithMemoryWatch(false)}},
		"classic":       {load: func() float64 { return 990 }, opts: []holmes.Option{holmes.WithClassicRules()}},
		"signal off":    {load: func() float64 { return 990 }, off: true},
		"over CPU max":  {load: func() float64 { return 990 }, opts: []holmes.Option{holmes.WithCPUMax(1)}},
		"budget is out": {load: uniform(3, 580, 600), opts: []holmes.Option{holmes.WithDailyBudget(1)}},
	} {
		testkit.Bubble(t, name, func(t *testing.T) {
			l := watched(t, append(tt.opts, holmes.WithRule(holmes.SignalMem, holmes.Threshold{Min: 99, Abs: 80}))...)
			l.Disable(holmes.SignalGCHeap) // it reads the real heap
			if tt.off {
				l.Disable(holmes.SignalMem)
			}
			l.run(t)
			seconds(3)
			for range 10 * 60 {
				l.host.Memory(uint64(tt.load() * mib))
				<-time.After(time.Second)
			}
			require.Empty(t, l.got.all())
		})
	}
}
