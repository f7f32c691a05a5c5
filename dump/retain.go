package dump

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// keptDisposable is how many disposable events are kept while their space is
// not wanted, for whoever asks about a short spike.
const keptDisposable = 5

// overdueFor is how long an event must look too old before it is.
const overdueFor = time.Hour

// A demand is what has to fit beside all that is there.
type demand struct {
	events int
	bytes  int64
	by     *Entry // whose bytes they are, nil for none
	modest bool   // content with what is free: no event is removed for it
}

// A count is what is there at most: what was found when everything was counted,
// and all that was granted since.
type count struct {
	events int
	bytes  int64
}

// A retention is one search for room. The directory is locked.
type retention struct {
	store  *Store
	root   folder
	found  survey
	failed []error
	inUse  string // an event that cannot go
}

// makeRoom grants a demand, and removes events for it if need be. The directory
// is locked. What is there is counted only when what was counted before and
// granted since does not leave enough.
func (s *Store) makeRoom(root folder, d demand) error {
	if s.fits(root, d) {
		s.counted.events += d.events
		s.counted.bytes += d.bytes
		return nil
	}
	return s.retain(root, d)
}

// fits reports whether it is certain, without counting, that a demand fits.
func (s *Store) fits(root folder, d demand) bool {
	return s.counted != nil && s.over(*s.counted, d, "") == nil && s.tooFull(root, d) == nil
}

// retain removes events until the demand fits, and in any case those that are
// too old and the disposable ones that are too many.
func (s *Store) retain(root folder, d demand) error {
	found, err := root.survey()
	if err != nil {
		return err
	}
	r := &retention{store: s, root: root, found: found}
	r.finish()
	victims := r.victims()
	for _, ev := range surplus(victims) {
		r.remove(ev, ErrEvicted)
	}
	for _, ev := range r.overdue(victims) {
		r.remove(ev, ErrExpired)
	}
	if r.short(d) != nil && !r.modest(d) {
		r.evict(victims, d)
	}
	now := r.count()
	s.counted = &now
	if short := r.short(d); short != nil {
		return errors.Join(append([]error{short}, r.failed...)...)
	}
	s.counted.events += d.events
	s.counted.bytes += d.bytes
	return nil // what could not be removed is tried again next time
}

func (r *retention) count() count { return count{len(r.found.events), r.found.bytes} }

// modest reports whether no event is removed for a demand: it says so, or it is
// of an event that takes over half of the budget. One runaway file must not
// cost all the evidence there is.
func (r *retention) modest(d demand) bool {
	if d.modest || d.by == nil {
		return d.modest
	}
	ev, _ := r.found.of(d.by.id)
	return ev.bytes+d.bytes > r.store.limits.MaxBytes/2
}

// finish finishes removals that were cut short.
func (r *retention) finish() {
	for _, id := range r.found.gone {
		ev, _ := r.root.look(goneName(id))
		if err := r.root.removeAll(goneName(id)); err != nil {
			r.failed = append(r.failed, err)
			continue
		}
		r.found.bytes -= ev.bytes
	}
}

// victims returns the events that may go: all but those that somebody writes
// to, and those that are being delivered by this process.
func (r *retention) victims() []event {
	alive := r.store.roll(r.root).alive
	var out []event
	for _, ev := range r.found.events {
		switch {
		case r.store.open[ev.id] != nil, r.store.held[ev.id] > 0,
			!ev.sealed && ev.owner != r.store.token && alive(ev.owner):
			r.inUse = ev.id
		default:
			out = append(out, ev)
		}
	}
	return out
}

// evict removes victims until the demand fits, in this order: disposable ones,
// damaged ones, those that every reporter has and that are neither the first of
// their kind nor the peak of a rising series, the rest of those, and then those
// that a reporter has not got. Within each, the oldest goes first. For space on
// the disk that others took, none goes that a reporter has not got.
func (r *retention) evict(victims []event, d demand) {
	special := r.special()
	var ranks [ranks][]*event
	for i := range victims {
		at := rank(&victims[i], special)
		ranks[at] = append(ranks[at], &victims[i])
	}
	for _, ev := range slices.Concat(ranks[:]...) {
		if r.short(d) == nil || r.store.over(r.count(), d, "") == nil && ev.waiting() {
			return
		}
		r.remove(*ev, ErrEvicted)
	}
}

const ranks = 5

func rank(ev *event, special map[string]bool) int {
	switch {
	case ev.disposable:
		return 0
	case ev.damaged:
		return 1
	case ev.waiting(), !ev.sealed: // an orphan waits for whoever adopts it
		return 4
	case special[ev.id]:
		return 3
	default:
		return 2
	}
}

// special returns the events that are the first of their kind, and the peaks of
// rising series: those that the next event of the series is below, and the last
// one of each. What cannot be read is nothing special.
func (r *retention) special() map[string]bool {
	type peak struct {
		id     string
		height float64
	}
	out, kinds, top := map[string]bool{}, map[string]bool{}, map[string]peak{}
	for _, ev := range r.found.events {
		if !ev.sealed || ev.disposable || ev.damaged {
			continue
		}
		c, err := r.class(ev.id)
		if err != nil {
			continue
		}
		if c.Kind != "" && !kinds[c.Kind] {
			kinds[c.Kind], out[ev.id] = true, true
		}
		if c.Series == "" {
			continue
		}
		if last, ok := top[c.Series]; ok && c.Height < last.height {
			out[last.id] = true
		}
		top[c.Series] = peak{ev.id, c.Height}
	}
	for _, last := range top {
		out[last.id] = true
	}
	return out
}

func (r *retention) class(id string) (Class, error) {
	dir, err := r.root.sub(id)
	if err != nil {
		return Class{}, err
	}
	defer dir.close()
	s, err := readSums(dir)
	return s.class, err
}

// surplus returns the disposable events that are more than are kept.
func surplus(victims []event) (out []event) {
	for _, ev := range victims {
		if ev.disposable {
			out = append(out, ev)
		}
	}
	return out[:max(0, len(out)-keptDisposable)]
}

// overdue returns the events that are too old, and that were when they were
// looked at an hour ago.
func (r *retention) overdue(victims []event) (out []event) {
	s, now := r.store, time.Now()
	bound := s.limits.Now().Add(-s.limits.MaxAge)
	seen := map[string]time.Time{}
	for _, ev := range victims {
		if !timeOf(ev.id).Before(bound) {
			continue
		}
		since, again := s.overdue[ev.id]
		if !again {
			since = now
		}
		seen[ev.id] = since
		if now.Sub(since) >= overdueFor {
			out = append(out, ev)
		}
	}
	s.overdue = seen
	return out
}

// remove removes an event, if it is still there.
func (r *retention) remove(ev event, why error) {
	at := slices.IndexFunc(r.found.events, func(e event) bool { return e.id == ev.id })
	if at < 0 {
		return
	}
	if err := erase(r.root, ev.id); err != nil {
		r.failed = append(r.failed, err)
		return
	}
	r.found.events = slices.Delete(r.found.events, at, at+1)
	r.found.bytes -= ev.bytes
	switch {
	case !ev.waiting():
	case ev.owner == r.store.token:
		r.store.noteLost(ev.id, why)
	case !r.store.roll(r.root).alive(ev.owner):
		r.store.unclaimed++
	}
}

// short says what the demand does not fit into, if anything.
func (r *retention) short(d demand) error {
	if err := r.store.over(r.count(), d, r.inUse); err != nil {
		return err
	}
	return r.store.tooFull(r.root, d)
}

// over says whether a demand is over the budget.
func (s *Store) over(now count, d demand, inUse string) error {
	if now.events+d.events <= s.limits.MaxEvents && now.bytes+d.bytes <= s.limits.MaxBytes {
		return nil
	}
	text := fmt.Sprintf("%d of %d bytes used, %d of %d events, %d events open", now.bytes, s.limits.MaxBytes,
		now.events, s.limits.MaxEvents, len(s.open))
	if inUse != "" {
		text += ", " + inUse + " among what cannot go"
	}
	return fmt.Errorf("%w: %s", ErrBudget, text)
}

// tooFull says whether a demand would leave the disk too full for others.
func (s *Store) tooFull(root folder, d demand) error {
	if d.bytes == 0 {
		return nil
	}
	room, keep, known := s.limits.room(root, s.place.dir)
	if !known || room >= d.bytes {
		return nil
	}
	return fmt.Errorf("%w: %d bytes of the disk are free, %d of them to be kept", ErrBudget, room+keep, keep)
}
