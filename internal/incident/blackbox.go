package incident

import (
	"context"
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
	crash    *blackbox.Crash // nil unless the option is on
	recorded time.Duration   // time of the last sample

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

// KeepBox reports previous runs and opens the box of this run, a tick after the start,
// so that a run that is stopped at once does not wait for the disk.
func (in *Incidents) KeepBox() {
	select {
	case <-time.After(in.Config().Tick):
	case <-in.Scope.Stop:
		return
	}
	in.reportPrevious()
	if in.Box.box.Load() == nil && !in.Scope.Stopping() {
		in.OpenBox()
	}
}

// OpenBox opens the black box of the run and, if the option is on, the file for the
// text of a crash.
func (in *Incidents) OpenBox() {
	c := in.Config()
	dir, err := in.Store.Dir(c.Store, blackboxDir)
	if err != nil {
		return // Start has reported it
	}
	defer dir.Close()
	name := in.IDs.BoxName(in.Scope.Clock.Wall())
	box, err := blackbox.Open(dir, name, blackbox.Config{Interval: max(c.Tick, recordEvery)})
	if err != nil {
		in.Scope.Log.OnCause("black box", "the black box cannot be opened, so the next start cannot report how this run ended: %v", err)
		return
	}
	in.Box.begin(box)
	if !c.CrashOutput {
		return
	}
	if in.Box.crash, err = blackbox.OpenCrash(dir, name); err != nil {
		in.Scope.Log.OnCause("crash output", "the text of a crash will not be kept: %v", err)
	}
}

// Close records in the box that the run was stopped, and closes it.
func (b *BlackBox) Close(ctx context.Context) error {
	if b.crash != nil {
		_ = b.crash.Close() // an error would have no consequence
	}
	if box := b.box.Load(); box != nil {
		return box.Close(ctx)
	}
	return nil
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
