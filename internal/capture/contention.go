package capture

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/contention"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/pprofread"
)

// A watch takes the contention profiles of one event: mutex and block. The runtime
// adds to them from the start of the process on. An event has what was added during
// the event, because a profile of all the past would name the longest wait since the
// process started.
type watch struct {
	*Taker
	parts  []*part
	disarm func()
	fresh  bool // locks were not armed before
}

// A part is one of the profiles.
type part struct {
	profile event.Profile
	data    []byte
	before  []byte // the profile at the beginning
	since   time.Duration
	release func() (note string) // restores the rate
	cost    Cost
}

// newWatch returns a watch for those of the kinds that are cumulative. It changes
// nothing yet.
func (t *Taker) newWatch(kinds []event.Kind) *watch {
	w := &watch{Taker: t}
	for _, k := range kinds {
		if t.Kinds[k].Cumulative {
			w.parts = append(w.parts, &part{profile: event.Profile{Kind: k, File: k.File()}})
		}
	}
	return w
}

func wantsContention(t *Taker, kinds []event.Kind, _ *Phases) bool {
	return slices.ContainsFunc(kinds, func(k event.Kind) bool { return t.Kinds[k].Cumulative })
}

// recordContention watches from the suspicion on, for as long as a CPU profile.
func recordContention(t *Taker, kinds []event.Kind, p *Phases, out func(Result)) {
	w := t.newWatch(kinds)
	defer func() { out(func(e *Evidence) { e.addContention(w) }) }()
	defer w.restore()
	if p.Deferred && !p.begin() {
		return
	}
	w.begin(p)
	p.last(nil)
	w.end()
}

// settling is how long locks must be armed until their profile is right.
const settling = time.Second

// begin turns recording on. If locks were not armed, it waits for settling first.
func (w *watch) begin(p *Phases) {
	if slices.ContainsFunc(w.parts, func(p *part) bool { return p.profile.Kind == event.KindMutex }) {
		if w.disarm, w.fresh = w.Locks.Arm(); w.fresh {
			p.sleep(settling)
		}
	}
	for _, p := range w.parts {
		if p.profile.Err = w.prepare(p); p.profile.Err != nil {
			continue
		}
		p.profile.Start, p.since = w.clock.Wall(), w.clock.Mono()
		if p.profile.Kind == event.KindBlock {
			p.release = holdBlocks(w.Blocks, w.Config.Block)
		} else {
			p.release = holdLocks(w.Locks, w.fresh)
		}
	}
}

// prepare takes the profile that is subtracted from the later one.
func (w *watch) prepare(p *part) (err error) {
	kind := p.profile.Kind
	if err := w.allows(kind); err != nil {
		return err
	}
	if err := w.Config.CheckBlock([]event.Kind{kind}); err != nil { // the option has changed meanwhile
		return err
	}
	p.before, err = w.take(p)
	return err
}

// end takes what has been added since begin, and restores the rates.
func (w *watch) end() {
	for _, p := range w.parts {
		if p.release == nil {
			continue
		}
		after, err := w.take(p)
		p.profile.Duration = w.clock.Mono() - p.since
		p.profile.Note = p.release()
		if err == nil {
			p.cost = p.cost.plus(w.measureCost(func() { p.data, err = p.difference(after) }))
		}
		p.profile.Err = err
	}
}

// restore restores the rates, however the watch has ended.
func (w *watch) restore() {
	for _, p := range w.parts {
		if p.release != nil {
			p.release()
		}
	}
	if w.disarm != nil {
		w.disarm()
	}
}

// take returns the present profile.
func (w *watch) take(p *part) (raw []byte, err error) {
	var out bytes.Buffer
	p.cost = p.cost.plus(w.measureCost(func() { err = w.Kinds[p.profile.Kind].Write(&out) }))
	return out.Bytes(), err
}

var (
	// errNoWaits is why there is no profile: an empty one would not show whether it
	// is meant to be empty.
	errNoWaits = errors.New("no wait that ended during the event was recorded")
	// errLost is why there is no profile if a bug in holmes has ended the capture.
	errLost = errors.New("lost because of a panic in holmes")
)

func (p *part) difference(after []byte) ([]byte, error) {
	diff, stacks, err := pprofread.Subtract(after, p.before, p.profile.Start, p.profile.Duration)
	if err == nil && stacks == 0 {
		err = errNoWaits
	}
	return diff, err
}

// holdLocks turns the recording of locks on. If locks were not armed before, those
// that have a queue at that time are not recorded; see package contention.
func holdLocks(locks *contention.Locks, fresh bool) (release func() string) {
	hold := locks.Hold()
	note := ""
	return func() string {
		now := hold.Release()
		if note != "" {
			return note
		}
		note = fmt.Sprintf("locks that were waited for during the event, 1 in %d of them", hold.Fraction)
		if hold.Foreign {
			note += ", as the application has set it"
		}
		if fresh {
			note += ", but for those that had a queue already when it began"
		}
		switch now {
		case hold.Fraction:
		case 0:
			note += "; then the application turned it off"
		default:
			note += fmt.Sprintf("; then the application changed it to 1 in %d", now)
		}
		return note
	}
}

func holdBlocks(blocks *contention.Blocks, each time.Duration) (release func() string) {
	undo := blocks.Hold(each)
	return func() string {
		undo()
		return fmt.Sprintf("what blocked during the event, one record for each %v of it", each)
	}
}

// addContention adds the profiles of a watch.
func (e *Evidence) addContention(w *watch) {
	for _, part := range w.parts {
		p := part.profile
		if p.Err == nil && part.data == nil {
			p.Err = errLost
		}
		e.account(part.cost)
		if p.Err == nil {
			e.put(&p, eventstore.Content(part.data), false)
		}
		e.Add(p)
	}
}

// WatchOnce takes the contention profiles of an event that is over at once, and drops
// them, for a benchmark.
func (t *Taker) WatchOnce(kinds []event.Kind) {
	stop := make(chan struct{})
	close(stop)
	w := t.newWatch(kinds)
	defer w.restore()
	w.begin(&Phases{Stop: stop})
	w.end()
}
