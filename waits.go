package holmes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/go-holmes/holmes/internal/contention"
	"github.com/go-holmes/holmes/internal/pprofread"
)

// waitRates are the two numbers that say how much of the waiting is recorded.
type waitRates struct {
	locks  *contention.Locks
	blocks *contention.Blocks
}

// processWaits are those of the process, shared by all instances: the runtime
// has no more than one of each.
var processWaits = waitRates{
	locks:  contention.NewLocks(runtime.SetMutexProfileFraction),
	blocks: contention.NewBlocks(runtime.SetBlockProfileRate),
}

// A waitWatch takes the profiles of waiting of one event: mutex and block. The
// runtime counts them from the start of the process on, as much as it was told
// to record meanwhile. What was added during the event is what the event is
// told by: with all of the past in it, a profile would name who has waited
// longest since the process started.
type waitWatch struct {
	run    *run
	cfg    *config
	parts  []*waitPart
	disarm func()
	fresh  bool // locks were not armed before
}

// A waitPart is one of the profiles.
type waitPart struct {
	profile Profile
	data    []byte
	before  []byte // the profile as of the beginning
	since   time.Duration
	release func() (note string) // puts the rate back
	spent   spending
}

// newWaitWatch returns a watch for those of the kinds that are counted, and
// changes nothing yet.
func (r *run) newWaitWatch(c *config, kinds []Kind) *waitWatch {
	w := &waitWatch{run: r, cfg: c}
	for _, k := range kinds {
		if take := r.h.captures[k]; take.counted {
			w.parts = append(w.parts, &waitPart{profile: Profile{Kind: k, File: k.File()}})
		}
	}
	return w
}

// settling is how long locks change hands until what is recorded of them is
// true, where they were not armed.
const settling = time.Second

// begin turns recording on. It waits for settling first if need be, or until
// ctx is done.
func (w *waitWatch) begin(ctx context.Context) {
	if slices.ContainsFunc(w.parts, func(p *waitPart) bool { return p.profile.Kind == KindMutex }) {
		if w.disarm, w.fresh = w.run.h.waits.locks.Arm(); w.fresh {
			w.run.Pass(ctx, settling)
		}
	}
	for _, p := range w.parts {
		if p.profile.Err = w.prepare(p); p.profile.Err != nil {
			continue
		}
		p.profile.Start, p.since = w.run.Clock.Wall(), w.run.Clock.Mono()
		if p.profile.Kind == KindBlock {
			p.release = w.run.h.waits.holdBlocks(w.cfg.blockEach)
		} else {
			p.release = w.run.h.waits.holdLocks(w.fresh)
		}
	}
}

// prepare takes the profile that the later one is compared with.
func (w *waitWatch) prepare(p *waitPart) (err error) {
	kind := p.profile.Kind
	if err := w.run.affords(w.cfg, w.run.h.priceOf(kind)); err != nil {
		return err
	}
	if err := w.cfg.checkBlock([]Kind{kind}); err != nil { // it was there a moment ago
		return err
	}
	p.before, err = w.take(p)
	return err
}

// end takes what has been added since begin, and puts the rates back.
func (w *waitWatch) end() {
	for _, p := range w.parts {
		if p.release == nil {
			continue
		}
		after, err := w.take(p)
		p.profile.Duration = w.run.Clock.Mono() - p.since
		p.profile.Note = p.release()
		if err == nil {
			p.spent = p.spent.plus(w.run.measure(func() { p.data, err = p.difference(after) }))
		}
		p.profile.Err = err
	}
}

// putBack leaves the process as it was, however the watch has ended.
func (w *waitWatch) putBack() {
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
func (w *waitWatch) take(p *waitPart) (raw []byte, err error) {
	var out bytes.Buffer
	spent := w.run.measure(func() { err = w.run.h.captures[p.profile.Kind].write(&out) })
	p.spent = p.spent.plus(spent)
	return out.Bytes(), err
}

// errNoWaits is why there is no profile: of an empty one nobody knows whether it
// is meant to be empty.
var errNoWaits = errors.New("no wait that ended during the event was recorded")

func (p *waitPart) difference(after []byte) ([]byte, error) {
	diff, stacks, err := pprofread.Subtract(after, p.before, p.profile.Start, p.profile.Duration)
	if err == nil && stacks == 0 {
		err = errNoWaits
	}
	return diff, err
}

// holdLocks has locks recorded. Of those that were not armed before, what had a
// queue then is not, see [contention].
func (r waitRates) holdLocks(fresh bool) (release func() string) {
	hold := r.locks.Hold()
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

func (r waitRates) holdBlocks(each time.Duration) (release func() string) {
	undo := r.blocks.Hold(each)
	return func() string {
		undo()
		return fmt.Sprintf("what blocked during the event, one record for each %v of it", each)
	}
}

// errLost is why there is no profile when a bug of ours has ended the capture.
var errLost = errors.New("lost in a panic of holmes")

// beginWaits watches beside the inquiry, from the suspicion to the verdict and
// at least for the sampling time. It returns nil when that is not wanted.
func (q *inquiry) beginWaits() chan *waitWatch {
	w := q.run.newWaitWatch(q.cfg, q.first.kinds)
	if len(w.parts) == 0 {
		return nil
	}
	result := make(chan *waitWatch, 1)
	q.run.Go("profiles of waiting", func() {
		defer func() { result <- w }()
		defer w.putBack()
		if q.quiet {
			select {
			case <-q.decided:
			case <-q.run.Stop:
			}
			if q.dismissed() {
				return
			}
		}
		w.begin(q.run.Ctx)
		q.sitCPU(func() {}) // as long as a CPU profile, and in one piece
		w.end()
	})
	return result
}

// addWaits files what a watch has found.
func (d *dossier) addWaits(w *waitWatch) {
	for _, part := range w.parts {
		p := part.profile
		if p.Err == nil && part.data == nil {
			p.Err = errLost
		}
		d.account(part.spent)
		if p.Err == nil {
			d.store(&p, func(w io.Writer) error {
				_, err := w.Write(part.data)
				return err
			})
		}
		d.add(p)
	}
}

// armLocks keeps locks armed for as long as a signal is on that wants mutex
// profiles, and disarmLocks ends it.
func (r *run) armLocks(c *config) {
	wanted := false
	for _, sc := range c.signals {
		wanted = wanted || sc.enabled && slices.Contains(sc.kinds, KindMutex)
	}
	switch {
	case !wanted:
		r.disarmLocks()
	case r.disarm == nil:
		r.disarm, _ = r.h.waits.locks.Arm()
	}
}

func (r *run) disarmLocks() {
	if r.disarm != nil {
		r.disarm()
		r.disarm = nil
	}
}

// evidence is the kinds that an event of these kinds is told by: with
// WithBlockProfile, blocking beside locks.
func (c *config) evidence(kinds []Kind) []Kind {
	if c.blockEach > 0 && slices.Contains(kinds, KindMutex) && !slices.Contains(kinds, KindBlock) {
		return append(slices.Clone(kinds), KindBlock)
	}
	return kinds
}

// checkBlock refuses a block profile whose rate is not known.
func (c *config) checkBlock(kinds []Kind) error {
	if c.blockEach == 0 && slices.Contains(kinds, KindBlock) {
		return fmt.Errorf("kind %q needs WithBlockProfile", KindBlock)
	}
	return nil
}
