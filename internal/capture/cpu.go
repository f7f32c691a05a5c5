package capture

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/cpuprofile"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/humanize"
	"github.com/go-holmes/holmes/internal/pprofread"
)

const (
	// maxWait is how long an event waits after its verdict for a CPU profiler that is
	// in use: net/http/pprof takes 30 s by default, and the default hold of 15 s is
	// over by then.
	maxWait  = 15 * time.Second
	retryCPU = 250 * time.Millisecond
)

// A cpuPart is a part of the CPU profile of an event, in slices, or why it is missing.
type cpuPart struct {
	slices []cpuprofile.Profile
	err    error
	waited time.Duration // for another profiler
	holder string        // which one, if it is known
}

func wantsCPU(_ *Taker, kinds []event.Kind, _ *Phases) bool {
	return slices.Contains(kinds, event.KindCPU)
}

// recordCPU profiles from the second suspicious tick on, as soon as the profiler is
// free, until the event is decided and the profile is long enough. It passes on each
// slice when it is complete.
func recordCPU(t *Taker, _ []event.Kind, p *Phases, out func(Result)) {
	add := func(part cpuPart) { out(func(e *Evidence) { e.addCPU(part) }) }
	if !p.begin() {
		add(cpuPart{err: errLapsed})
		return
	}
	if err := t.allows(event.KindCPU); err != nil {
		add(cpuPart{err: err})
		return
	}
	session, part := t.joinCPU(p)
	if part.err != nil {
		add(part)
		return
	}
	cut := func() {
		got, err := session.Cut()
		add(cpuPart{slices: got, err: err, waited: part.waited, holder: part.holder})
		part.waited = 0 // noted
	}
	if p.OnDemand {
		cut = nil
	}
	p.last(cut)
	part.slices, part.err = session.Leave()
	add(part)
}

// joinCPU joins the CPU profiler. If that is in use, it waits while the event is
// undecided, and then for maxWait. A capture on demand does not wait, and neither does an
// event while another profiler holds it for good.
func (t *Taker) joinCPU(p *Phases) (*cpuprofile.Session, cpuPart) {
	begin := t.clock.Mono()
	retry := time.NewTicker(retryCPU)
	defer retry.Stop()
	var giveUp <-chan time.Time
	decided := p.Decided
	seen := "" // the latest holder, who is gone when the profiler is joined
	for {
		session, holder, lasts, err := t.join(p.OnDemand)
		seen = cmp.Or(holder, seen)
		part := cpuPart{err: err, waited: t.clock.Mono() - begin, holder: seen}
		if holder == "" || lasts || p.OnDemand || t.Scope.Stopping() {
			return session, part
		}
		select {
		case <-retry.C:
		case <-giveUp:
			return nil, part
		case <-p.Stop:
			return nil, part
		case <-decided:
			if decided = nil; p.Dismissed() {
				return nil, part
			}
			giveUp = time.After(maxWait)
		}
	}
}

// join joins the CPU profiler. If it is held, it returns the holder too, and whether the
// hold lasts. It logs when such a hold begins and ends.
func (t *Taker) join(urgent bool) (s *cpuprofile.Session, holder string, lasts bool, err error) {
	s, err = t.CPU.Join(urgent)
	h, now := &t.hold, t.clock.Mono()
	h.mu.Lock()
	defer h.mu.Unlock()
	if errors.Is(err, cpuprofile.ErrBusy) {
		if h.meet(now, t.cpuHolder) {
			t.Scope.Log.Warnf("the CPU profiler is held by %s: meanwhile events and the baseline have no CPU profile", h.holder)
		}
		if holder = h.holder; h.lasts {
			holder += " for " + humanize.Duration(now-h.since)
		}
		return s, holder, h.lasts, err
	}
	if err == nil {
		if h.lasts {
			t.Scope.Log.Infof("the CPU profiler is free again, after %s", humanize.Duration(now-h.since))
		}
		h.holder, h.lasts = "", false
	}
	return s, "", false, err
}

// ProfileCPU returns a CPU profile of the duration d, or an error if the profiler is
// in use.
func (t *Taker) ProfileCPU(ctx context.Context, d time.Duration) ([]byte, error) {
	if err := t.allows(event.KindCPU); err != nil {
		return nil, err
	}
	session, _, _, err := t.join(false)
	if err != nil {
		return nil, err
	}
	t.Scope.Sleep(ctx, d)
	got, err := session.Leave()
	if err != nil {
		return nil, err
	}
	return join(got)
}

// WriteCPUProfile writes a CPU profile of the duration d, or until ctx is done. It shares
// that of an event.
func WriteCPUProfile(ctx context.Context, w io.Writer, d time.Duration) error {
	got, err := processCPU.Profile(ctx, d)
	if err != nil {
		return err
	}
	raw, err := join(got)
	if err == nil {
		_, err = w.Write(raw)
	}
	return err
}

// note says how long the part waited, and by whom the profiler was held if that is known:
// an error that it is in use says the rest.
func (p *cpuPart) note() (note string) {
	busy := errors.Is(p.err, cpuprofile.ErrBusy)
	if p.waited >= retryCPU {
		note = "waited " + humanize.Duration(p.waited)
		if !busy {
			note += " for the CPU profiler, which " + p.holder + " held"
		}
	}
	by, unknown := strings.CutPrefix(p.holder, unknownHolder)
	switch {
	case !busy, by == "":
		return note
	case unknown:
		return humanize.Join(note, "held"+by)
	default:
		return humanize.Join(note, "held by "+by)
	}
}

// addCPU adds a part to the CPU profile: one file, written again with each slice, so
// that it is complete at any moment. Its times are those of the slices.
func (e *Evidence) addCPU(part cpuPart) {
	f := &e.cpu
	f.notes = humanize.Join(f.notes, part.note())
	f.slices = append(f.slices, part.slices...)
	p := event.Profile{Kind: event.KindCPU, File: event.KindCPU.File(), Note: f.notes}
	if len(f.slices) == 0 {
		if p.Err = part.err; p.Err != nil {
			e.Add(p)
		}
		return
	}
	if part.err != nil && !strings.Contains(f.notes, part.err.Error()) {
		f.notes = humanize.Join(f.notes, part.err.Error())
	}
	p.Start, p.Note = f.slices[0].Start, f.notes
	for _, s := range f.slices {
		p.Duration += s.Duration
	}
	raw, err := join(f.slices)
	if err != nil { // the slices before it stay
		e.Log().OnCause("join", "event %s: its CPU profile ends early, what follows cannot be joined: %v", e.Event.ID, err)
		return
	}
	e.put(&p, eventstore.Content(raw), true)
	if f.index == 0 {
		e.Add(p)
		f.index = len(e.Event.Profiles)
		return
	}
	e.Event.Profiles[f.index-1] = p
}

// join returns the slices as one profile.
func join(parts []cpuprofile.Profile) ([]byte, error) {
	if len(parts) == 1 {
		return parts[0].Data, nil
	}
	raws := make([][]byte, len(parts))
	for i, s := range parts {
		raws[i] = s.Data
	}
	return pprofread.Join(raws...)
}
