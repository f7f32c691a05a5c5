package flight

import (
	"fmt"
	"time"
)

// A hand is the goroutine that has the recorder: everything that the runtime
// may block happens in it, one thing after the other.
type hand struct {
	broker   *Broker
	settings Settings
	start    time.Time

	started chan struct{} // closed when the recorder runs, or did not start
	jobs    chan *job
	quit    chan struct{} // closed by the last to leave
	done    chan struct{} // closed when the recorder is stopped

	leaving bool // takes no more members; broker.mu
	shared  bool

	meter meter
}

func newHand(b *Broker, s Settings) *hand {
	return &hand{
		broker: b, settings: s, start: time.Now(),
		started: make(chan struct{}), jobs: make(chan *job), quit: make(chan struct{}), done: make(chan struct{}),
	}
}

// lookEvery is how often the hand looks whether there is something to measure.
const lookEvery = 50 * time.Millisecond

func (h *hand) run() {
	defer h.end()
	h.shared = h.broker.recorder.Alive()
	if err := h.begin(); err != nil {
		// runtime/trace has one reason to refuse, and no sentinel for it.
		h.lose(fmt.Errorf("%w (%w)", ErrBusy, err))
		close(h.started)
		return
	}
	close(h.started)
	ended := h.record()
	// At once, before somebody begins to trace: it is his trace that a later
	// Stop of a recorder that is dead would end.
	h.broker.recorder.Stop()
	if ended {
		h.lose(ErrEnded)
	}
}

// record serves the members. It returns when there are none, or when somebody
// has ended our recorder.
func (h *hand) record() (ended bool) {
	h.meter = newMeter(h.broker.recorder, h.settings, time.Now())
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-h.quit:
			return false
		case j := <-h.jobs:
			h.do(j)
		case <-look.C:
		}
		if !h.broker.recorder.Alive() {
			return true
		}
		if h.over() {
			return false
		}
	}
}

func (h *hand) begin() error {
	return h.broker.recorder.Start(h.settings.MinAge, uint64(h.settings.MaxBytes))
}

// lose ends all members, and lets nobody join them.
func (h *hand) lose(reason error) {
	b := h.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	h.leaving = true
	b.lose(func(*Session) error { return reason })
}

// end makes room for the next hand.
func (h *hand) end() {
	b := h.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	took := time.Since(h.start)
	b.past = append(b.past, span{h.start, took})
	b.cost.For += took
	b.cost.Rate = 0
	b.hand = nil
	close(h.done)
}

// over measures what there is to measure. It is true when nobody wants the
// recorder at that price.
func (h *hand) over() bool {
	now := time.Now()
	if !h.meter.due(now) {
		return false
	}
	v, err := h.pass(nil)
	if err != nil {
		return false // the next one tells
	}
	return h.broker.judge(h.meter.rate, v.at)
}

// pass has the recorder write what it holds: through take, if there is one, and
// counts it in any case. Each pass ends a part of the trace, so what came in
// between the last pass and this one is known.
func (h *hand) pass(take func(header []byte, part uint64, p []byte) error) (*survey, error) {
	v := &survey{at: time.Now()}
	split := splitter{}
	split.take = func(part uint64, p []byte) error {
		v.add(part, p)
		if take == nil {
			return nil
		}
		return take(split.header, part, p)
	}
	_, err := h.broker.recorder.WriteTo(&split)
	took := time.Since(v.at)
	v.strange = split.strange
	var fresh int64
	if err == nil {
		fresh = h.meter.measured(v, took)
	}
	b := h.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cost.Measured++
	b.cost.Measuring += took
	b.cost.Bytes += fresh
	b.cost.Rate = h.meter.rate
	return v, err
}

// do writes a trace for a session: once to see what there is, and again, since
// the recorder keeps nothing still, to write those parts and no later ones.
func (h *hand) do(j *job) {
	defer close(j.reply)
	defer func() {
		if p := recover(); p != nil {
			j.err = fmt.Errorf("holmes: flight recorder: the writer panicked: %v", p)
		}
	}()
	if j.err = j.ctx.Err(); j.err != nil {
		return // nobody waits
	}
	v, err := h.pass(nil)
	if err != nil {
		j.err = fmt.Errorf("holmes: flight recorder: %w", err)
		return
	}
	from, fits := v.latest(j.limit)
	if !fits {
		j.err = fmt.Errorf("%w: its last part has %d bytes, and %d are allowed", ErrTooLarge, v.indivisible(), j.limit)
		return
	}
	j.trace = Trace{Total: headerSize + v.after(0), Since: h.meter.began(from), Until: v.at, Shared: h.shared}
	j.err = h.write(j.gate, v, from)
	j.trace.Bytes = j.gate.written
}

// write writes the parts from one to the last that was surveyed.
func (h *hand) write(g *gate, v *survey, from uint64) error {
	_, err := h.pass(func(header []byte, part uint64, p []byte) error {
		if !v.strange && (part < from || part > v.last()) {
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
		return fmt.Errorf("%w: it is forgotten faster than it can be read", ErrTooLarge)
	}
	return nil
}
