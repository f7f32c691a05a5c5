package holmes_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// The soak runs for as long as HOLMES_SOAK says, such as 10m.
const soakEnv = "HOLMES_SOAK"

// A rest is what is left of holmes when a round has ended and holmes is stopped.
type rest struct {
	goroutines, descriptors int
	heap                    int64 // live bytes after two collections
	rss                     int64
}

// TestSoak has rounds of some seconds, in which receivers fail in their ways, the disk in
// its, reporters come and go, and events are taken all the while. After each
// all has mended, and holmes is stopped, which delivers what waits.
//
// Memory, goroutines and descriptors must not grow. Of the rounds after the first quarter, which
// fills caches and pools, the last third is held against the first: no more
// goroutines and no more descriptors at most, and the Theil-Sen slope of the
// live heap (the median of the slopes between every two rounds) over all rounds
// makes less than 1 MiB.
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv(soakEnv))
	if err != nil {
		t.Skipf("%s is not set to a duration", soakEnv)
	}
	s := newSoak(t)
	var rests []rest
	for begin := time.Now(); time.Since(begin) < length || len(rests) < 12; {
		s.round(t)
		rests = append(rests, s.rest(t))
		r := rests[len(rests)-1]
		t.Logf("%4.0f s, round %d: %d events, %d in memory, %d goroutines, %d descriptors, heap %d KiB, RSS %d KiB",
			time.Since(begin).Seconds(), len(rests), s.events, s.h.Stats().Dump.InMemory, r.goroutines, r.descriptors, r.heap>>10, r.rss>>10)
	}
	requireFlat(t, rests[len(rests)/4:])
	t.Logf("%d events, delivered %v, dropped %v", s.events, s.delivered, s.dropped)
}

func requireFlat(t *testing.T, rests []rest) {
	t.Helper()
	most := func(of []rest, what func(rest) int) int {
		return what(slices.MaxFunc(of, func(a, b rest) int { return what(a) - what(b) }))
	}
	third := len(rests) / 3
	first, last := rests[:third], rests[len(rests)-third:]
	for name, what := range map[string]func(rest) int{
		"goroutines":  func(r rest) int { return r.goroutines },
		"descriptors": func(r rest) int { return r.descriptors },
	} {
		require.LessOrEqual(t, most(last, what), most(first, what), name)
	}
	heap := func(r rest) int64 { return r.heap }
	growth := slope(rests, heap) * float64(len(rests))
	rss := slope(rests, func(r rest) int64 { return r.rss }) * float64(len(rests))
	t.Logf("over %d rounds: heap %+.0f KiB, RSS %+.0f KiB", len(rests), growth/1024, rss/1024)
	require.Less(t, growth, float64(1<<20), "live heap, bytes")
}

// slope is that of Theil and Sen, a round.
func slope(rests []rest, what func(rest) int64) float64 {
	var all []float64
	for i := range rests {
		for j := range i {
			all = append(all, float64(what(rests[i])-what(rests[j]))/float64(i-j))
		}
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// soak is one holmes for many rounds.
type soak struct {
	h    *holmes.Holmes
	dir  string
	disk *plan
	rng  *rand.Rand
	one  *receiver
	hung *hanging

	events             int
	delivered, dropped map[string]uint64
}

func newSoak(t *testing.T) *soak {
	t.Helper()
	s := &soak{
		dir: filepath.Join(testkit.FastDir(t), "evidence"), disk: &plan{}, rng: rand.New(rand.NewPCG(18, 18)),
		one: newReceiver("one"), hung: &hanging{}, delivered: map[string]uint64{}, dropped: map[string]uint64{},
	}
	h, err := holmes.New(holmes.WithDumpPath(s.dir), holmes.WithReporter(s.one), holmes.WithReporter(s.hung),
		holmes.WithLogger(nil), holmes.WithCollectInterval("10ms"), holmes.WithDumpLimits(50, 4<<20),
		holmes.WithSource(&seesaw{}, holmes.Threshold{Abs: 1, Hold: 50 * time.Millisecond}, holmes.KindHeap, holmes.KindGoroutine))
	require.NoError(t, err)
	h.SetFault(s.disk.fault)
	h.SetSpoolEvery(100 * time.Millisecond)
	s.h = h
	return s
}

// hanging is a reporter that hangs, when it is told to, until it is told not to
// or its context ends.
type hanging struct {
	mu  sync.Mutex
	off chan struct{} // closed to go on, nil when it does not hang
}

func (h *hanging) set(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case on && h.off == nil:
		h.off = make(chan struct{})
	case !on && h.off != nil:
		close(h.off)
		h.off = nil
	}
}

func (h *hanging) Report(ctx context.Context, e *holmes.Event) error {
	h.mu.Lock()
	off := h.off
	h.mu.Unlock()
	if off != nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-off:
		}
	}
	for i := range e.Profiles {
		if f, err := e.Profiles[i].Open(); err == nil {
			_, err = io.Copy(io.Discard, f)
			if err := errors.Join(err, f.Close()); err != nil {
				return err
			}
		}
	}
	return nil
}

// round is some seconds of faults, one after the other.
func (s *soak) round(t *testing.T) {
	t.Helper()
	require.NoError(t, s.h.Start())
	for range 8 {
		s.fault(t)
		end := time.After(300 * time.Millisecond)
		for under := true; under; {
			require.NoError(t, testkit.Err(s.h.CaptureNow(t.Context(), holmes.KindHeap, holmes.KindGoroutine)))
			s.events++
			select {
			case <-end:
				under = false
			default:
			}
		}
	}
	s.disk.set(nil)
	s.one.set(nil)
	s.hung.set(false)
	if info, err := os.Lstat(s.dir); err == nil && !info.IsDir() {
		require.NoError(t, os.Remove(s.dir))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, s.h.Shutdown(ctx))
}

// fault changes one thing for the better or the worse.
func (s *soak) fault(t *testing.T) {
	t.Helper()
	flaky := rand.New(rand.NewPCG(s.rng.Uint64(), 1))
	var mu sync.Mutex
	chance := func(n int) bool {
		mu.Lock()
		defer mu.Unlock()
		return flaky.IntN(n) == 0
	}
	switch s.rng.IntN(12) {
	case 0:
		s.one.set(down)
	case 1:
		s.one.set(func(*holmes.Event) error { panic("receiver") })
	case 2:
		s.one.set(func(*holmes.Event) error {
			if chance(2) {
				return holmes.Permanent(errDown)
			}
			return nil
		})
	case 3:
		s.one.set(nil)
		s.hung.set(false)
	case 4:
		s.hung.set(true)
	case 5:
		s.disk.set(func(string) error { return syscall.EROFS })
	case 6:
		s.disk.set(func(op string) error {
			if op == "write" || op == "truncate" {
				return syscall.ENOSPC
			}
			return nil
		})
	case 7:
		s.disk.set(func(string) error {
			if chance(20) {
				return syscall.EIO
			}
			return nil
		})
	case 8:
		s.disk.set(nil)
	case 9:
		if os.Rename(s.dir, s.dir+"-removed") == nil { // at once, while another writes
			require.NoError(t, os.RemoveAll(s.dir+"-removed"))
		}
	case 10:
		require.NoError(t, s.h.Set(holmes.WithNamedReporter("extra", &hanging{}), holmes.WithDumpLimits(5+s.rng.IntN(50), 4<<20)))
	case 11:
		require.NoError(t, s.h.Set(holmes.WithNamedReporter("extra", nil)))
	}
}

// rest looks at what is left, and forgets what the receivers got.
func (s *soak) rest(t *testing.T) (r rest) {
	t.Helper()
	for _, st := range s.h.Stats().Reporters {
		sum := st.Delivered + uint64(st.Waiting)
		for reason, n := range st.Dropped {
			sum += n
			s.dropped[reason] = n
		}
		s.delivered[st.Name] = st.Delivered
		require.Equal(t, st.Offered, sum, "%+v", st)
	}
	require.Zero(t, s.h.Stats().Bugs)
	s.one.mu.Lock()
	s.one.got, s.one.order, s.one.last, s.one.tries = map[string]int{}, nil, map[string]*holmes.Event{}, nil
	s.one.mu.Unlock()
	runtime.GC() // the first leaves what is in pools
	debug.FreeOSMemory()
	r.goroutines = runtime.NumGoroutine()
	fds := testkit.Must(os.ReadDir("/proc/self/fd"))(t)
	r.descriptors = len(fds)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	r.heap = int64(m.HeapAlloc)
	status := testkit.Must(os.ReadFile("/proc/self/status"))(t)
	for line := range strings.Lines(string(status)) {
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &r.rss); err == nil {
			r.rss <<= 10
		}
	}
	return r
}
