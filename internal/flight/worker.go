package flight

import (
	"fmt"
	"time"
)

// A worker is the goroutine that calls the recorder: every call that the runtime may
// block is made by it, one after the other.
type worker struct {
	broker   *Broker
	settings Settings
	start    time.Time

	started chan struct{} // closed when the recorder runs, or did not start
	jobs    chan *job
	quit    chan struct{} // closed by the last session
	done    chan struct{} // closed when the recorder is stopped

	closing bool // accepts no more sessions; broker.mu
	shared  bool

	meter meter
}

func newWorker(b *Broker, s Settings) *worker {
	return &worker{
		broker: b, settings: s, start: time.Now(),
		started: make(chan struct{}), jobs: make(chan *job), quit: make(chan struct{}), done: make(chan struct{}),
	}
}

// pollInterval is how often the worker looks whether a measurement is due.
const pollInterval = 50 * time.Millisecond

func (w *worker) run() {
	defer w.end()
	w.shared = w.broker.recorder.Alive()
	if err := w.begin(); err != nil {
		// runtime/trace has one reason to refuse, and no sentinel for it.
		w.endAll(fmt.Errorf("%w (%w)", ErrBusy, err))
		close(w.started)
		return
	}
	close(w.started)
	ended := w.record()
	// At once, before the application begins a trace: a later Stop of an ended
	// recorder would end that trace.
	w.broker.recorder.Stop()
	if ended {
		w.endAll(ErrEnded)
	}
}

// record serves the sessions. It returns when none is left, or when the application
// has ended the recorder.
func (w *worker) record() (ended bool) {
	w.meter = newMeter(w.broker.recorder, w.settings, time.Now())
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	for {
		select {
		case <-w.quit:
			return false
		case j := <-w.jobs:
			w.do(j)
		case <-poll.C:
		}
		if !w.broker.recorder.Alive() {
			return true
		}
		if w.measure() {
			return false
		}
	}
}

func (w *worker) begin() error {
	return w.broker.recorder.Start(w.settings.MinAge, uint64(w.settings.MaxBytes))
}

// endAll ends all sessions, and accepts no more.
func (w *worker) endAll(reason error) {
	b := w.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	w.closing = true
	b.endSessions(func(*Session) error { return reason })
}

// end makes room for the next worker.
func (w *worker) end() {
	b := w.broker
	b.mu.Lock()
	took := time.Since(w.start)
	b.past.Add(w.start, took)
	b.cost.For += took
	b.cost.Rate = 0
	b.worker = nil
	close(w.done)
	b.mu.Unlock()
}

// measure measures if that is due. It reports whether no session is left at that
// rate.
func (w *worker) measure() bool {
	now := time.Now()
	if !w.meter.due(now) {
		return false
	}
	v, err := w.read(nil)
	if err != nil {
		return false // the next measurement decides
	}
	return w.broker.judge(w.meter.rate, v.at)
}

// read has the recorder write what it holds, to take if that is not nil, and counts
// it. Each read ends a part of the trace, so the bytes between two reads are known.
func (w *worker) read(take func(header []byte, part uint64, p []byte) error) (*outline, error) {
	v := &outline{at: time.Now()}
	split := splitter{}
	split.take = func(part uint64, p []byte) error {
		v.add(part, p)
		if take == nil {
			return nil
		}
		return take(split.header, part, p)
	}
	_, err := w.broker.recorder.WriteTo(&split)
	took := time.Since(v.at)
	v.malformed = split.malformed
	var fresh int64
	if err == nil {
		fresh = w.meter.measured(v, took)
	}
	b := w.broker
	b.mu.Lock()
	b.cost.Measured++
	b.cost.Measuring += took
	b.cost.Bytes += fresh
	b.cost.Rate = w.meter.rate
	b.mu.Unlock()
	return v, err
}

// do writes a trace for a session. It reads twice, since the recorder goes on: first
// to choose the parts, then to write these and no later ones.
func (w *worker) do(j *job) {
	defer close(j.reply)
	defer func() {
		if p := recover(); p != nil {
			j.err = fmt.Errorf("holmes: flight recorder: the writer panicked: %v", p)
		}
	}()
	if j.err = j.ctx.Err(); j.err != nil {
		return // the caller has given up
	}
	v, err := w.read(nil)
	if err != nil {
		j.err = fmt.Errorf("holmes: flight recorder: %w", err)
		return
	}
	from, fits := v.latest(j.limit)
	if !fits {
		j.err = fmt.Errorf("%w: its last part has %d bytes, and %d are allowed", ErrTooLarge, v.indivisible(), j.limit)
		return
	}
	j.trace = Trace{Total: headerSize + v.after(0), Since: w.meter.began(from), Until: v.at, Shared: w.shared}
	j.err = w.write(j.gate, v, from)
	j.trace.Bytes = j.gate.written
}

// write writes the parts from one to the last of the outline.
func (w *worker) write(g *gate, v *outline, from uint64) error {
	_, err := w.read(func(header []byte, part uint64, p []byte) error {
		if !v.malformed && (part < from || part > v.last()) {
			return nil
		}
		if g.written == 0 && len(header) > 0 {
			if err := g.write(header); err != nil {
				return err
			}
		}
		return g.write(p)
	})
	switch {
	case err != nil:
		return fmt.Errorf("holmes: flight recorder: %w", err)
	case g.written == 0:
		return fmt.Errorf("%w: the ring is overwritten faster than it can be read", ErrTooLarge)
	}
	return nil
}
