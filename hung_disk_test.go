package holmes_test

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// A hangingDisk does not answer from one operation on, until it is mended. It is made in
// the bubble of its test.
type hangingDisk struct {
	mu   sync.Mutex
	left int // operations until it hangs, -1 for never
	ops  int // since
	on   chan struct{}
}

func newHangingDisk() *hangingDisk { return &hangingDisk{left: -1, on: make(chan struct{})} }

func (d *hangingDisk) fault(string, string) error {
	d.mu.Lock()
	d.ops++
	hangs, on := d.left == 0, d.on
	if d.left > 0 {
		d.left--
	}
	d.mu.Unlock()
	if hangs {
		<-on
	}
	return nil
}

// hang has the disk hang after n more operations.
func (d *hangingDisk) hang(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left, d.ops = n, 0
}

// mend has the disk answer again, and returns how many operations it was asked for since
// hang.
func (d *hangingDisk) mend() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left = -1
	close(d.on)
	d.on = make(chan struct{})
	return d.ops
}

// within returns how long f takes.
func within(f func()) time.Duration {
	begin := time.Now()
	f()
	return time.Since(begin)
}

// Nothing of the host's waits for a disk that does not answer. Its events go on from
// memory, few goroutines wait for the disk, and the log tells of it when it begins and
// when it ends.
func TestHungDiskHoldsNoCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk, lines, other, slow := newHangingDisk(), &lineLog{}, newReceiver("other"), newReceiver("slow")
		slow.set(down)
		l := newLab(t, holmes.WithLogger(lines), holmes.WithReporter(other), holmes.WithReporter(slow), holmes.WithCrashOutput(true))
		l.SetFault(disk.fault)
		disk.hang(0)
		require.LessOrEqual(t, within(func() { l.run(t) }), 100*time.Millisecond)
		seconds(10)
		require.ErrorContains(t, l.Stats().Dump.Err, "does not answer")
		disk.mend()
		seconds(1)
		require.NoError(t, l.Stats().Dump.Err, "it is opened when it answers")
		require.Zero(t, l.Stats().Dump.Hung)
		before := l.capture(t)
		seconds(60)

		disk.hang(0)
		require.Zero(t, within(func() { l.Stats() }))
		require.Zero(t, within(func() { l.WhyNot(holmes.SignalCPU) }))
		require.Zero(t, within(func() { require.NoError(t, l.Set(holmes.WithCPUMax(99))) }))
		ids := []string{before}
		for _, limit := range []time.Duration{0, 30 * time.Millisecond, time.Second} {
			took := within(func() {
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				e := testkit.Must(l.CaptureNow(ctx, holmes.KindCPU, holmes.KindGoroutine))(t)
				require.NotEmpty(t, parse(t, e.Profile(holmes.KindGoroutine)).Sample)
				ids = append(ids, e.ID)
			})
			require.LessOrEqual(t, took, limit+200*time.Millisecond)
		}
		for range 30 {
			ids = append(ids, l.capture(t))
			seconds(10)
		}
		s := l.Stats().Dump
		require.ErrorContains(t, s.Err, "does not answer")
		require.Positive(t, s.Hung)
		require.LessOrEqual(t, s.Hung, 4, "few goroutines wait, not one for each event")
		require.Positive(t, s.InMemory)
		require.Equal(t, ids, other.ids(), "what is in memory is delivered")
		require.Zero(t, within(func() { l.Stats() }))
		require.LessOrEqual(t, within(func() { l.Stop() }), 5*time.Second)
		require.LessOrEqual(t, within(func() { l.run(t) }), 100*time.Millisecond)
		seconds(60)
		require.LessOrEqual(t, l.Stats().Dump.Hung, 4)

		disk.mend()
		seconds(1)
		s = l.Stats().Dump
		require.NoError(t, s.Err)
		require.Zero(t, s.Hung)
		require.Zero(t, s.InMemory)
		for _, id := range ids {
			require.FileExists(t, filepath.Join(l.dir, id, "event.json"))
		}
		after := l.capture(t)
		slow.set(nil)
		seconds(61)
		l.Stop()
		require.Equal(t, append(ids, after), other.ids(), "none twice")
		require.ElementsMatch(t, other.ids(), slow.ids())
		require.Zero(t, l.Stats().Bugs)
		text := strings.Join(lines.all(), "\n")
		require.Equal(t, 2, strings.Count(text, "does not answer, events are kept in memory"), text)
		require.Equal(t, 2, strings.Count(text, "answers again"), text)
	})
}

// Whichever operation the disk hangs in, an event is delivered once, and it is on disk
// when the disk answers again.
func TestHungDiskLosesNothingAndRepeatsNothing(t *testing.T) {
	for name, story := range map[string]func(t *testing.T, l *lab, disk *hangingDisk){
		"it answers again": func(*testing.T, *lab, *hangingDisk) { seconds(100) },
		"holmes is stopped and started": func(t *testing.T, l *lab, _ *hangingDisk) {
			t.Helper()
			seconds(1)
			require.LessOrEqual(t, within(func() { l.Stop() }), 5*time.Second)
			require.LessOrEqual(t, within(func() { l.run(t) }), 100*time.Millisecond)
			seconds(30)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := testkit.FastDir(t)
			n, each := 0, testkit.Heavy(1, 67)
			for more := true; more; n += each {
				synctest.Test(t, func(t *testing.T) { more = hangAt(t, filepath.Join(dir, fmt.Sprint(n)), n, story) })
			}
			t.Logf("hung in one of %d of %d operations", each, n)
			require.Greater(t, n, 50)
		})
	}
}

// hangAt has the disk hang in the operation n of an event, and reports whether there was
// one.
func hangAt(t *testing.T, dir string, n int, story func(*testing.T, *lab, *hangingDisk)) (more bool) {
	t.Helper()
	disk, well, slow := newHangingDisk(), newReceiver("well"), newReceiver("slow")
	l := newLab(t, holmes.WithDumpPath(dir), holmes.WithReporter(well), holmes.WithReporter(slow))
	l.SetFault(disk.fault)
	l.run(t)
	slow.set(down)
	ids := []string{l.capture(t)} // which waits on disk
	seconds(10)
	disk.hang(n)
	ids = append(ids, l.capture(t))
	slow.set(nil)
	story(t, l, disk)
	ids = append(ids, l.capture(t))
	more = disk.mend() > n
	seconds(90)
	for _, r := range []*receiver{well, slow} {
		require.ElementsMatch(t, ids, r.ids(), "operation %d, reporter %s", n, r.name)
	}
	s := l.Stats()
	require.NoError(t, s.Dump.Err)
	require.Zero(t, s.Dump.InMemory)
	require.Zero(t, s.Dump.Waiting, "operation %d", n)
	require.Zero(t, s.Dump.Hung)
	require.Zero(t, s.Bugs)
	l.Stop()

	next := newLab(t, holmes.WithDumpPath(dir), holmes.WithReporter(well), holmes.WithReporter(slow)).run(t)
	seconds(61)
	for _, r := range []*receiver{well, slow} {
		require.ElementsMatch(t, ids, r.ids(), "operation %d, reporter %s after a restart", n, r.name)
	}
	next.Stop()
	return more
}

// A bug in holmes does not reach the caller of CaptureNow. In a capture it costs that
// profile, elsewhere the event.
func TestBugDoesNotReachTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for n, path := range []string{t.TempDir(), "/dev/null/none"} {
			l := newLab(t, holmes.WithDumpPath(path), holmes.WithLogger(nil))
			l.SetCapture(holmes.KindHeap, 0, func(io.Writer) error { panic("bug") })
			l.run(t)
			e := testkit.Must(l.CaptureNow(t.Context(), holmes.KindHeap, holmes.KindGoroutine))(t)
			require.ErrorContains(t, e.Profiles[0].Err, "panic")
			require.NotEmpty(t, parse(t, e.Profile(holmes.KindGoroutine)).Sample)
			require.EqualValues(t, 1, l.Stats().Bugs, n)

			l.PanicAtNeeds(holmes.KindThreadcreate)
			_, err := l.CaptureNow(t.Context(), holmes.KindThreadcreate)
			require.ErrorContains(t, err, "panic")
			require.EqualValues(t, 2, l.Stats().Bugs)
			l.Stop()
			require.NoError(t, l.Shutdown(t.Context()))
			require.Len(t, l.got.all(), 1)
		}
	})
}
