package holmes

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/blackbox"
	"github.com/go-holmes/holmes/internal/supervise"
)

// blackboxDir is where the black boxes lie, within the dump path. It is no
// event, so the store leaves it alone.
const blackboxDir = "blackbox"

// A flightLog is the black box of a run: what it was doing, for whoever comes
// after it.
type flightLog struct {
	clock    supervise.Clock
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

func (l *flightLog) state(text string)     { l.add(entry{l.clock.Wall(), "", text}) }
func (l *flightLog) event(id, text string) { l.add(entry{l.clock.Wall(), id, text}) }

func (l *flightLog) add(e entry) {
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
func (l *flightLog) begin(b *blackbox.Box) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.early {
		e.write(b)
	}
	l.early = nil
	l.box.Store(b)
}

// keepBox tells of previous runs and opens the box of this one, a tick after
// the start: who is stopped at once need not wait for a disk.
func (r *run) keepBox() {
	select {
	case <-time.After(r.h.cfg.Load().interval):
	case <-r.Stop:
		return
	}
	r.tellPrevious()
	if r.past.box.Load() == nil && !r.Stopping() {
		r.openBox(r.h.cfg.Load())
	}
}

// openBox makes the black box of a run, and the file for its crash if that is
// wanted.
func (r *run) openBox(c *config) {
	dir, err := r.h.store.Dir(c.store, blackboxDir)
	if err != nil {
		return // it has been reported why
	}
	defer dir.Close()
	name := r.Clock.Wall().UTC().Format(dump.IDLayout) + fmt.Sprintf("-%08x", r.h.random())
	box, err := blackbox.Open(dir, name, blackbox.Config{Interval: max(c.interval, recordEvery)})
	if err != nil {
		r.Log.OnCause("black box", "the last minutes will not survive this process: %v", err)
		return
	}
	r.past.begin(box)
	if !c.crashOutput {
		return
	}
	if r.past.crash, err = blackbox.OpenCrash(dir, name); err != nil {
		r.Log.OnCause("crash output", "the text of a crash will not be kept: %v", err)
	}
}

// reportBox logs that the box cannot be written.
func (r *run) reportBox() {
	if box := r.past.box.Load(); box != nil {
		r.h.store.Report("the last minutes will not survive this process", box.Err())
	}
}

// close says in the box that the run ended as it should.
func (l *flightLog) close(ctx context.Context) error {
	if l.crash != nil {
		_ = l.crash.Close() // the process goes on without it
	}
	if b := l.box.Load(); b != nil {
		return b.Close(ctx)
	}
	return nil
}

// recordEvery bounds the samples in a box: of shorter ticks one in a second.
const recordEvery = time.Second

// record puts a tick into the box. It allocates nothing, and makes no system
// call.
func (r *run) record(now time.Duration, at time.Time, c *config) {
	box := r.past.box.Load()
	if box == nil || r.past.recorded > 0 && now-r.past.recorded < recordEvery {
		return
	}
	r.past.recorded = now
	var s blackbox.Sample
	r.meter.Record(&s, &c.measure)
	box.Sample(at, &s)
}
