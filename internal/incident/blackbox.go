package incident

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/internal/blackbox"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/supervise"
)

// A BlackBox is the log of a run that survives its process, for the next run to read.
type BlackBox struct {
	Clock supervise.Clock

	box      atomic.Pointer[blackbox.Box]
	recorded time.Duration // time of the last sample

	mu      sync.Mutex         // not held while the disk works
	early   []entry            // before there is a box
	crash   *blackbox.Crash    // nil unless the option is on
	orphans []*blackbox.Orphan // runs that ended without Stop and are not reported yet
	earlier uint64             // how many such runs were dropped
	closed  bool
}

// An entry is a change of a signal's state or, with an id, of an event.
type entry struct {
	at       time.Time
	id, text string
}

// maxEarly is how many entries are kept before there is a box.
const maxEarly = 16

func (b *BlackBox) state(text string)     { b.add(entry{b.Clock.Wall(), "", text}) }
func (b *BlackBox) event(id, text string) { b.add(entry{b.Clock.Wall(), id, text}) }

func (b *BlackBox) add(e entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if box := b.box.Load(); box != nil {
		e.write(box)
	} else if len(b.early) < maxEarly {
		b.early = append(b.early, e)
	}
}

func (e entry) write(b *blackbox.Box) {
	if e.id == "" {
		b.State(e.at, e.text)
	} else {
		b.Event(e.at, e.id, e.text)
	}
}

// begin writes to a box from now on, and reports false if the run has ended before the
// disk has answered.
func (b *BlackBox) begin(box *blackbox.Box) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	for _, e := range b.early {
		e.write(box)
	}
	b.early = nil
	b.box.Store(box)
	return true
}

// KeepBox opens the box of this run and reports previous runs, a tick after the start,
// so that a run that is stopped at once does not wait for the disk. With the option for
// the text of a crash it opens the box at once, because the process may crash at once, and
// then closes opened.
func (in *Incidents) KeepBox(opened chan<- struct{}) {
	if in.Config().CrashOutput {
		in.OpenBox()
	}
	close(opened)
	select {
	case <-time.After(in.Config().Tick):
	case <-in.Scope.Stop:
	}
	if in.Box.box.Load() == nil && !in.Scope.Stopping() {
		in.OpenBox()
	}
	in.reportPrevious()
}

// boxShare is the part of the dump path's bytes that black boxes and texts of crashes
// may have, 1/boxShare. What they have is not available to events. One box has half of
// that at most, and the text of a crash a quarter, so that there is always room for the
// box of the next run beside both.
const boxShare = 4

// OpenBox opens the black box of the run and, if the option is on, the file for the
// text of a crash. It first takes over the boxes of previous runs, and removes those
// that are too many: a process that crashes in a loop may die before it can report one.
func (in *Incidents) OpenBox() {
	err := in.inBoxes(in.openBox)
	if err == nil {
		store := in.Store.At(in.Config().Store)
		in.Store.Report("remove events", store.Tidy()) // to make room for the box
	} else if _, _, _, why := in.Store.Usage(); why == nil { // else Start has reported it
		in.boxFails(err)
	}
}

// boxFails logs that there is no box, unless that is by the options or the run is stopping.
func (in *Incidents) boxFails(err error) {
	if !errors.Is(err, eventstore.ErrMemoryOnly) && !errors.Is(err, eventstore.ErrNoAnswer) {
		in.Scope.Log.Begin("black box", "the black box cannot be opened, so the next start cannot report how this run ended: %v", err)
	}
}

// inBoxes runs an operation in the directory of the black boxes, as soon as the disk
// answers and unless the run has stopped by then.
func (in *Incidents) inBoxes(op func(*os.Root) error) error {
	return in.Store.InDir(in.Scope.Stop, in.Config().Store, eventstore.BlackBoxDir, op)
}

func (in *Incidents) openBox(dir *os.Root) error {
	c := in.Config()
	bound, _ := in.Store.Bound(c.Store)
	share := bound / boxShare
	orphans, dropped, err := blackbox.Adopt(dir, blackbox.Claim{
		Service: c.Labels["service"], Runs: maxPrevious, Bytes: share / 2, Crash: share / 4,
	})
	in.endOrphan(err)
	earlier, held := in.Box.hold(orphans, dropped)
	if !held {
		for _, o := range orphans {
			in.endOrphan(o.Release(dir))
		}
		return nil
	}
	used, err := blackbox.Size(dir)
	in.endOrphan(err)
	room := min(share-used, share/2)
	if room < blackbox.MinBytes && used+blackbox.MinBytes <= 2*share {
		room = blackbox.MinBytes // many processes share the path, or the limit was lowered
	}
	name := in.IDs.BoxName(in.Scope.Clock.Wall())
	box, err := blackbox.Open(dir, name, blackbox.Config{
		Interval: max(c.Tick, recordEvery), MaxBytes: max(1, room), Labels: c.Labels, Earlier: earlier,
	})
	if err != nil {
		in.boxFails(err)
		return nil
	}
	in.Scope.Log.End("black box", "the black box is open")
	if !in.Box.begin(box) {
		return box.Close(in.Scope.Ctx)
	}
	if !c.CrashOutput {
		return nil
	}
	crash, err := blackbox.OpenCrash(dir, name)
	if err != nil {
		in.Scope.Log.OnCause("crash output", "the text of a crash will not be kept: %v", err)
		return nil
	}
	return in.Box.beginCrash(crash)
}

// beginCrash keeps the file for the text of a crash until the box is closed.
func (b *BlackBox) beginCrash(c *blackbox.Crash) error {
	b.mu.Lock()
	closed := b.closed
	if !closed {
		b.crash = c
	}
	b.mu.Unlock()
	if closed {
		return c.Close()
	}
	return nil
}

// hold keeps previous runs until they are reported, and how many were dropped, beside
// those of an earlier try to open the box. It returns false if the box is closed, and
// nothing is reported any more.
func (b *BlackBox) hold(orphans []*blackbox.Orphan, dropped uint64) (earlier uint64, held bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.orphans, b.earlier = append(b.orphans, orphans...), b.earlier+dropped
	}
	return b.earlier, !b.closed
}

// takeOrphans returns the previous runs that are to be reported, and how many there were
// before them.
func (b *BlackBox) takeOrphans() (orphans []*blackbox.Orphan, earlier uint64) {
	b.mu.Lock()
	orphans, b.orphans = b.orphans, nil
	earlier = b.earlier
	for _, o := range orphans {
		earlier += o.Earlier()
	}
	b.mu.Unlock()
	return orphans, earlier
}

// Close records in the box that the run was stopped, and closes it. A run that is stopped
// by a deferred function while a panic unwinds the stack has ended abnormally: panicked
// is the place of the panic, "" if there is none.
func (b *BlackBox) Close(ctx context.Context, panicked string) error {
	b.mu.Lock()
	b.closed = true
	crash := b.crash
	b.mu.Unlock()
	if crash != nil {
		_ = crash.Close() // an error would have no consequence
	}
	box := b.box.Load()
	if box == nil {
		return nil
	}
	if panicked != "" {
		box.Panicked(b.Clock.Wall(), panicked)
	}
	return box.Close(ctx)
}

// PanicOnStack returns the place of the panic that is unwinding the caller's stack, as
// "panic in FUNCTION (FILE:LINE)", or "" if there is none.
func PanicOnStack() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for more, panicking := true, false; more; {
		var f runtime.Frame
		f, more = frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(f.Function, "runtime."):
			return fmt.Sprintf("panic in %s (%s:%d)", f.Function, filepath.Base(f.File), f.Line)
		}
	}
	return ""
}

// forgetEarlier notes that all runs before this one are reported.
func (b *BlackBox) forgetEarlier() {
	if box := b.box.Load(); box != nil {
		box.ForgetEarlier()
	}
}

// Err returns why the box cannot be written, if it cannot.
func (b *BlackBox) Err() error {
	if box := b.box.Load(); box != nil {
		return box.Err()
	}
	return nil
}

// recordEvery is the least time between two samples in a box.
const recordEvery = time.Second

// Record writes a tick into the box. It allocates nothing and makes no system call.
// Only the tick's goroutine calls it.
func (b *BlackBox) Record(now time.Duration, at time.Time, m *measure.Meter, c *measure.Config) {
	box := b.box.Load()
	if box == nil || b.recorded > 0 && now-b.recorded < recordEvery {
		return
	}
	b.recorded = now
	var s blackbox.Sample
	m.Record(&s, c)
	box.Sample(at, &s)
}
