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

// blackboxDir is where the black boxes lie, within the dump path. It is no
// event, so the store leaves it alone.
const blackboxDir = "blackbox"

// A BlackBox is the log of a run that survives its process: what it was doing,
// for the next run to read. It belongs to one run.
type BlackBox struct {
	Clock supervise.Clock

	box      atomic.Pointer[blackbox.Box]
	crash    *blackbox.Crash // nil unless it is wanted
	recorded time.Duration   // when the last sample was

	mu    sync.Mutex
	early []entry // until there is a box
}

// An entry is a state or, with an id, something about an event.
type entry struct {
	at       time.Time
	id, text string
}

// maxEarly bounds what is kept until there is a box.
const maxEarly = 16

func (l *BlackBox) state(text string)     { l.add(entry{l.Clock.Wall(), "", text}) }
func (l *BlackBox) event(id, text string) { l.add(entry{l.Clock.Wall(), id, text}) }

func (l *BlackBox) add(e entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.box.Load(); b != nil {
		e.write(b)
	} else if len(l.early) < maxEarly {
		l.early = append(l.early, e)
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
func (l *BlackBox) begin(b *blackbox.Box) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.early {
		e.write(b)
	}
	l.early = nil
	l.box.Store(b)
}

// KeepBox tells of previous runs and opens the box of this one, a tick after
// the start: a run that is stopped at once need not wait for a disk.
func (in *Incidents) KeepBox() {
	select {
	case <-time.After(in.Config().Tick):
	case <-in.Scope.Stop:
		return
	}
	in.tellPrevious()
	if in.Box.box.Load() == nil && !in.Scope.Stopping() {
		in.OpenBox()
	}
}

// OpenBox opens the black box of the run, and the file for its crash if that is
// wanted.
func (in *Incidents) OpenBox() {
	c := in.Config()
	dir, err := in.Store.Dir(c.Store, blackboxDir)
	if err != nil {
		return // which was reported when the dump path was opened
	}
	defer dir.Close()
	name := in.IDs.BoxName(in.Scope.Clock.Wall())
	box, err := blackbox.Open(dir, name, blackbox.Config{Interval: max(c.Tick, recordEvery)})
	if err != nil {
		in.Scope.Log.OnCause("black box", "the last minutes will not survive this process: %v", err)
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

// Close says in the box that the run ended as it should.
func (l *BlackBox) Close(ctx context.Context) error {
	if l.crash != nil {
		_ = l.crash.Close() // the process goes on without it
	}
	if b := l.box.Load(); b != nil {
		return b.Close(ctx)
	}
	return nil
}

// Err returns why the box cannot be written, if it cannot.
func (l *BlackBox) Err() error {
	if b := l.box.Load(); b != nil {
		return b.Err()
	}
	return nil
}

// recordEvery bounds the samples in a box: of shorter ticks one in a second.
const recordEvery = time.Second

// Record puts a tick into the box. It allocates nothing, makes no system call, and
// is for the tick's goroutine.
func (l *BlackBox) Record(now time.Duration, at time.Time, m *measure.Meter, c *measure.Config) {
	box := l.box.Load()
	if box == nil || l.recorded > 0 && now-l.recorded < recordEvery {
		return
	}
	l.recorded = now
	var s blackbox.Sample
	m.Record(&s, c)
	box.Sample(at, &s)
}
