package incident

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/internal/blackbox"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/supervise"
)

// blackboxDir is the directory of the black boxes in the dump path. The store does not
// touch it, because it is no event.
const blackboxDir = "blackbox"

// A BlackBox is the log of a run that survives its process, for the next run to read.
type BlackBox struct {
	Clock supervise.Clock

	box      atomic.Pointer[blackbox.Box]
	crash    *blackbox.Crash    // nil unless the option is on
	dir      *os.Root           // of the orphans, open until they are reported
	orphans  []*blackbox.Orphan // runs that ended without Stop and are not reported yet
	earlier  uint64             // how many such runs there were before those
	recorded time.Duration      // time of the last sample

	mu    sync.Mutex
	early []entry // before there is a box
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

// begin writes to a box from now on.
func (b *BlackBox) begin(box *blackbox.Box) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.early {
		e.write(box)
	}
	b.early = nil
	b.box.Store(box)
}

// KeepBox opens the box of this run and reports previous runs, a tick after the start,
// so that a run that is stopped at once does not wait for the disk.
func (in *Incidents) KeepBox() {
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
// may have, 1/boxShare. What they have is not available to events.
const boxShare = 4

// OpenBox opens the black box of the run and, if the option is on, the file for the
// text of a crash. It first takes over the boxes of previous runs, and removes those
// that are too many: a process that crashes in a loop may die before it can report one.
func (in *Incidents) OpenBox() {
	c := in.Config()
	dir, err := in.Store.Dir(c.Store, blackboxDir)
	if err != nil {
		return // Start has reported it
	}
	in.Box.dir = dir
	share := c.Store.Bytes / boxShare
	var dropped uint64
	in.Box.orphans, dropped, err = blackbox.Adopt(dir, blackbox.Claim{Service: c.Labels["service"], Runs: maxPrevious, Bytes: share / 2})
	in.Box.earlier = dropped
	in.endOrphan(err)
	used, err := blackbox.Size(dir)
	in.endOrphan(err)
	name := in.IDs.BoxName(in.Scope.Clock.Wall())
	box, err := blackbox.Open(dir, name, blackbox.Config{
		Interval: max(c.Tick, recordEvery), MaxBytes: max(1, share-used), Labels: c.Labels, Earlier: dropped,
	})
	in.Store.Beside(min(share, used+box.Size()))
	if err != nil {
		in.Scope.Log.Begin("black box", "the black box cannot be opened, so the next start cannot report how this run ended: %v", err)
		return
	}
	in.Scope.Log.End("black box", "the black box is open")
	in.Box.begin(box)
	if !c.CrashOutput {
		return
	}
	if in.Box.crash, err = blackbox.OpenCrash(dir, name); err != nil {
		in.Scope.Log.OnCause("crash output", "the text of a crash will not be kept: %v", err)
	}
}

// Close records in the box that the run was stopped, and closes it. A run that is stopped
// by a deferred function while a panic unwinds the stack has ended abnormally: panicked
// is the place of the panic, "" if there is none.
func (b *BlackBox) Close(ctx context.Context, panicked string) error {
	if b.crash != nil {
		_ = b.crash.Close() // an error would have no consequence
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
