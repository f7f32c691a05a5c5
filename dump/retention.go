package dump

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-holmes/holmes/dump/internal/checksum"
	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/layout"
	"github.com/go-holmes/holmes/dump/internal/lock"
	"github.com/go-holmes/holmes/dump/internal/scan"
	"github.com/go-holmes/holmes/internal/filelock"
)

// keptDisposable is how many disposable events are kept while their space is not
// wanted. They show what a short spike was.
const keptDisposable = 5

// overdueFor is how long an event or a reporter must look too old before it counts as
// that: the clock may be wrong for a while.
const overdueFor = time.Hour

// lastBlocks is what the last blocks of a file and of its checksums may take of the
// disk beyond their bytes.
const lastBlocks = 2 * 4096

// A demand is what has to fit beside the events that exist.
type demand struct {
	events int
	bytes  int64
	by     *Entry // that writes the bytes, nil for none
	modest bool   // no event is removed for it
}

// A retention is one removal of events. The directory is locked.
type retention struct {
	store   *Store
	root    disk.Dir
	found   *scan.Result
	now     time.Time
	alive   func(owner string) bool
	overdue map[string]time.Time // that of the store afterwards
	failed  []error
	inUse   string // an event that cannot be removed
}

// makeRoom grants a demand, and removes events for it if need be. It scans the
// directory only when the count does not show that the demand fits. The directory
// is locked.
func (s *Store) makeRoom(root disk.Dir, d demand) error {
	if s.fits(root, d) {
		return s.grant(*s.counted, d)
	}
	return s.retain(root, d)
}

// grant counts a demand beside what there is.
func (s *Store) grant(now lock.Count, d demand) error {
	now.Events += d.events
	now.Bytes += d.bytes
	s.counted = &now
	return s.held.SetCount(now)
}

// fits reports whether the count shows, without a scan, that a demand fits.
func (s *Store) fits(root disk.Dir, d demand) bool {
	return s.counted != nil && s.over(*s.counted, d, "") == nil && s.tooFull(root, d) == nil
}

// retain removes events until the demand fits, and in any case those that are
// too old, the disposable ones that are too many, and those that are not the latest.
func (s *Store) retain(root disk.Dir, d demand) error {
	found, err := scan.All(root)
	for _, name := range s.limits.Beside {
		bytes, failed := scan.Beside(root, name)
		found.Bytes, err = found.Bytes+bytes, errors.Join(err, failed)
	}
	if err != nil {
		return err
	}
	if d.bytes > 0 {
		s.taken = max(s.taken, found.Bytes)
	}
	r := &retention{
		store: s, root: root, found: found, now: time.Now(), alive: s.owner.Liveness(root).Alive, overdue: map[string]time.Time{},
	}
	r.finish()
	victims, known := r.victims(), r.reporters()
	for _, ev := range surplus(victims) {
		r.remove(ev, ErrEvicted)
	}
	for _, ev := range victims {
		if r.aged(ev.ID, layout.TimeOf(ev.ID), s.limits.MaxAge) {
			r.remove(ev, ErrExpired)
		}
	}
	s.overdue = r.overdue
	if r.short(d) != nil && !r.modest(d) {
		r.evict(victims, known, d)
	}
	if short := r.short(d); short != nil {
		return errors.Join(append([]error{short, s.grant(r.count(), demand{})}, r.failed...)...)
	}
	return s.grant(r.count(), d) // the next retention removes what this one could not
}

func (r *retention) count() lock.Count {
	return lock.Count{Events: len(r.found.Events), Bytes: r.found.Bytes}
}

// modest reports whether no event is removed for a demand: because it says so, or
// because its event takes over half of the budget. One runaway file must not cost
// all other evidence.
func (r *retention) modest(d demand) bool {
	if d.modest || d.by == nil {
		return d.modest
	}
	return r.found.BytesOf(d.by.id)+d.bytes > r.store.maxBytes()/2
}

// finish finishes removals that were cut short.
func (r *retention) finish() {
	for _, id := range r.found.Gone {
		ev, _ := scan.One(r.root, layout.GoneName(id))
		if err := r.root.RemoveAll(layout.GoneName(id)); err != nil {
			r.failed = append(r.failed, err)
			continue
		}
		r.found.Bytes -= ev.Bytes
	}
}

// victims returns the events that may be removed: all but open ones, and those
// that this process is delivering.
func (r *retention) victims() []*scan.Event {
	var out []*scan.Event
	for _, ev := range r.found.Events {
		switch {
		case r.store.open[ev.ID] != nil, r.store.leases[ev.ID] > 0,
			!ev.Sealed && ev.Owner != r.store.owner.Token && r.alive(ev.Owner):
			r.inUse = ev.ID
		default:
			out = append(out, ev)
		}
	}
	return out
}

// evict removes victims until the demand fits, in this order: disposable ones,
// damaged ones, routine ones, delivered ones that are neither the first of their
// kind nor the peak of a rising series, other delivered ones, the latest ones, waiting
// ones. The oldest of each is removed first. Waiting ones are not removed for space on the
// disk that others took.
func (r *retention) evict(victims []*scan.Event, known map[string]bool, d demand) {
	special := r.special()
	var ranks [ranks][]*scan.Event
	for _, ev := range victims {
		at := r.rank(ev, special, known)
		ranks[at] = append(ranks[at], ev)
	}
	for _, ev := range slices.Concat(ranks[:]...) {
		if r.short(d) == nil || r.store.over(r.count(), d, "") == nil && r.awaited(ev, known) && !ev.Routine {
			return
		}
		r.remove(ev, ErrEvicted)
	}
}

const ranks = 7

func (r *retention) rank(ev *scan.Event, special, known map[string]bool) int {
	switch {
	case ev.Disposable:
		return 0
	case ev.Damaged:
		return 1
	case ev.Routine:
		return 2
	case r.awaited(ev, known), !ev.Sealed: // an orphan waits to be adopted
		return 6
	case ev.Latest != "":
		return 5
	case special[ev.ID]:
		return 4
	default:
		return 3
	}
}

// special returns the events that are the first of their kind, and the peaks of
// rising series: those that are higher than the next event of the series, and the
// last one of each. An event that cannot be read is not special.
func (r *retention) special() map[string]bool {
	type peak struct {
		id     string
		height float64
	}
	out, kinds, top := map[string]bool{}, map[string]bool{}, map[string]peak{}
	for _, ev := range r.found.Events {
		if !ev.Sealed || ev.Disposable || ev.Routine || ev.Damaged || ev.Latest != "" {
			continue
		}
		c, err := r.seal(ev.ID)
		if err != nil {
			continue
		}
		if c.Kind != "" && !kinds[c.Kind] {
			kinds[c.Kind], out[ev.ID] = true, true
		}
		if c.Series == "" {
			continue
		}
		if last, ok := top[c.Series]; ok && c.Height < last.height {
			out[last.id] = true
		}
		top[c.Series] = peak{ev.ID, c.Height}
	}
	for _, last := range top {
		out[last.id] = true
	}
	return out
}

func (r *retention) seal(id string) (checksum.Seal, error) {
	dir, err := r.root.Sub(id)
	if err != nil {
		return checksum.Seal{}, err
	}
	defer dir.Close()
	sums, err := checksum.Read(dir)
	return sums.Seal, err
}

// surplus returns the disposable events above the number that is kept, and those that
// have a later one of the same.
func surplus(victims []*scan.Event) (out []*scan.Event) {
	disposable, latest := 0, map[string]bool{}
	for _, ev := range slices.Backward(victims) {
		if ev.Disposable {
			disposable++
		}
		if ev.Disposable && disposable > keptDisposable || latest[ev.Latest] {
			out = append(out, ev)
		}
		if ev.Latest != "" && ev.Sealed && !ev.Damaged {
			latest[ev.Latest] = true
		}
	}
	return out
}

// aged reports whether what has that name is older than most now and was an hour ago.
func (r *retention) aged(name string, at time.Time, most time.Duration) bool {
	s := r.store
	if !at.Before(s.limits.Now().Add(-most)) {
		return false
	}
	since, again := s.overdue[name]
	if !again {
		since = r.now
	}
	r.overdue[name] = since
	return r.now.Sub(since) >= overdueFor
}

// erase removes an event. It disappears in one step, so no scan finds half of it; a
// removal that is cut short is finished by the next retention. The directory is
// locked.
func erase(root disk.Dir, id string) error {
	gone := layout.GoneName(id)
	if err := root.RemoveAll(gone); err != nil {
		return err
	}
	if err := root.Rename(id, gone); err != nil {
		return filelock.IgnoreMissing(err)
	}
	return root.RemoveAll(gone)
}

// Tidy removes the events that are too old, and those above the limits. It is
// meant to be called regularly.
func (s *Store) Tidy() error {
	if err := filelock.IgnoreMissing(s.locked(s.tidy)); err != nil {
		return fmt.Errorf("holmes: dump: tidy %s: %w", s.location.Dir, err)
	}
	return nil
}

// tidy is Tidy with the directory locked.
func (s *Store) tidy(root disk.Dir) error {
	s.taken, s.tidied = s.tidied, s.budget()
	err := s.retain(root, demand{})
	if errors.Is(err, ErrBudget) {
		return nil // open events take it all; the next Create says so
	}
	return err
}

// remove removes an event, unless that was done.
func (r *retention) remove(ev *scan.Event, why error) {
	at := slices.IndexFunc(r.found.Events, func(e *scan.Event) bool { return e.ID == ev.ID })
	if at < 0 {
		return
	}
	if err := erase(r.root, ev.ID); err != nil {
		r.failed = append(r.failed, err)
		return
	}
	r.found.Events = slices.Delete(r.found.Events, at, at+1)
	r.found.Bytes -= ev.Bytes
	switch {
	case !ev.Waiting():
	case ev.Owner == r.store.owner.Token:
		r.store.noteLost(ev.ID, why)
	case !r.alive(ev.Owner):
		r.store.unclaimed++
	}
}

// short returns an error if the demand does not fit.
func (r *retention) short(d demand) error {
	if err := r.store.over(r.count(), d, r.inUse); err != nil {
		return err
	}
	return r.store.tooFull(r.root, d)
}

// over returns an error if a demand exceeds the budget.
func (s *Store) over(now lock.Count, d demand, inUse string) error {
	most := s.maxBytes()
	if now.Events+d.events <= s.limits.MaxEvents && now.Bytes+d.bytes <= most {
		return nil
	}
	text := fmt.Sprintf("%d of %d bytes used, %d of %d events, %d events open", now.Bytes, most,
		now.Events, s.limits.MaxEvents, len(s.open))
	if inUse != "" {
		text += ", " + inUse + " among those in use"
	}
	return fmt.Errorf("%w: %s", ErrBudget, text)
}

// tooFull returns an error if a demand leaves too little of the disk to others.
func (s *Store) tooFull(root disk.Dir, d demand) error {
	if d.bytes == 0 {
		return nil
	}
	room, keep, known := s.limits.room(root, s.location.Dir)
	if !known || room >= d.bytes+lastBlocks {
		return nil
	}
	return fmt.Errorf("%w: %d bytes of the disk are free, %d of them to be kept", ErrDiskFull, room+keep, keep)
}
