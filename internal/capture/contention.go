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

// A watch takes the contention profiles of one event: mutex and block. The
// runtime counts them from the start of the process on, as much as it was told
// to record meanwhile. An event has what was added during the event: with all of
// the past in it, a profile would name the longest wait since the process
// started.
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
	before  []byte // the profile as of the beginning
	since   time.Duration
	release func() (note string) // puts the rate back
	spent   Spending
}

// newWatch returns a watch for those of the kinds that are counted, and changes
// nothing yet.
func (t *Taker) newWatch(kinds []event.Kind) *watch {
	w := &watch{Taker: t}
	for _, k := range kinds {
		if t.Kinds[k].Counts {
			w.parts = append(w.parts, &part{profile: event.Profile{Kind: k, File: k.File()}})
		}
	}
	return w
}

func wantsContention(t *Taker, kinds []event.Kind, _ *Phases) bool {
	return slices.ContainsFunc(kinds, func(k event.Kind) bool { return t.Kinds[k].Counts })
}

// recordContention watches from the suspicion on, as long as a CPU profile and in
// one piece.
func recordContention(t *Taker, kinds []event.Kind, p *Phases, out func(Result)) {
	w := t.newWatch(kinds)
	defer func() { out(func(e *Evidence) { e.addContention(w) }) }()
	defer w.putBack()
	if p.Deferred && !p.begin() {
		return
	}
	w.begin(p)
	p.last(nil)
	w.end()
}

// settling is how long locks change hands until what is recorded of them is
// true, where they were not armed.
const settling = time.Second

// begin turns recording on. It waits for settling first if need be.
func (w *watch) begin(p *Phases) {
	if slices.ContainsFunc(w.parts, func(p *part) bool { return p.profile.Kind == event.KindMutex }) {
		if w.disarm, w.fresh = w.Locks.Arm(); w.fresh {
			p.pass(settling)
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

// prepare takes the profile that the later one is compared with.
func (w *watch) prepare(p *part) (err error) {
	kind := p.profile.Kind
	if err := w.Affords(kind); err != nil {
		return err
	}
	if err := w.Config.CheckBlock([]event.Kind{kind}); err != nil { // the option has changed meanwhile
		return err
	}
	p.before, err = w.take(p)
	return err
}

// end takes what has been added since begin, and puts the rates back.
func (w *watch) end() {
	for _, p := range w.parts {
		if p.release == nil {
			continue
		}
		after, err := w.take(p)
		p.profile.Duration = w.clock.Mono() - p.since
		p.profile.Note = p.release()
		if err == nil {
			p.spent = p.spent.plus(w.spending(func() { p.data, err = p.difference(after) }))
		}
		p.profile.Err = err
	}
}

// putBack leaves the process as it was, however the watch has ended.
func (w *watch) putBack() {
	for _, p := range w.parts {
		if p.release != nil {
			p.release()
		}
	}
	if w.disarm != nil {
		w.disarm()
	}
}

// take returns the profile as of now.
func (w *watch) take(p *part) (raw []byte, err error) {
	var out bytes.Buffer
	spent := w.spending(func() { err = w.Kinds[p.profile.Kind].Write(&out) })
	p.spent = p.spent.plus(spent)
	return out.Bytes(), err
}

var (
	// errNoWaits is why there is no profile: an empty one would not tell whether
	// it is meant to be empty.
	errNoWaits = errors.New("no wait that ended during the event was recorded")
	// errLost is why there is no profile when a bug in holmes has ended the
	// capture.
	errLost = errors.New("lost in a panic of holmes")
)

func (p *part) difference(after []byte) ([]byte, error) {
	diff, stacks, err := pprofread.Subtract(after, p.before, p.profile.Start, p.profile.Duration)
	if err == nil && stacks == 0 {
		err = errNoWaits
	}
	return diff, err
}

// holdLocks has locks recorded. Of those that were not armed before, what had a
// queue then is not, see [contention].
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

// addContention adds what a watch has found.
func (e *Evidence) addContention(w *watch) {
	for _, part := range w.parts {
		p := part.profile
		if p.Err == nil && part.data == nil {
			p.Err = errLost
		}
		e.account(part.spent)
		if p.Err == nil {
			e.put(&p, eventstore.Content(part.data), false)
		}
		e.Add(p)
	}
}

// WatchOnce takes the contention profiles of an event that is over at once, and
// drops them, for a benchmark of what that takes.
func (t *Taker) WatchOnce(kinds []event.Kind) {
	stop := make(chan struct{})
	close(stop)
	w := t.newWatch(kinds)
	defer w.putBack()
	w.begin(&Phases{Stop: stop})
	w.end()
}
