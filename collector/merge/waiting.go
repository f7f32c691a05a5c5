package merge

import (
	"slices"
	"time"
)

// await adds what has arrived to what waits. A roll-up that has exactly that is up to
// date.
func (r *rollups) await(arrived backlog, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p, t := range arrived {
		file, there := r.files[r.path(p.series, p.level, p.at)]
		if there && file.prints == t.prints {
			continue
		}
		before, waits := r.waiting[p]
		t.profiles, t.since = t.profiles+before.profiles, before.since
		if there && !waits {
			t.since = now
		}
		r.waiting[p] = t
	}
}

// ready returns the periods that are rolled up next: short ones first, since the long
// ones are made of them, and of these the newest. Those that are too old wait no more.
func (r *rollups) ready(now time.Time, expired func(period, time.Time) bool) (all []period) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p := range r.waiting {
		switch {
		case expired(p, now):
			delete(r.waiting, p)
		case !now.Before(p.due()):
			all = append(all, p)
		}
	}
	slices.SortFunc(all, comparePeriods)
	return all[:min(len(all), maxReady)]
}

// maxReady bounds the periods that are sorted anew while others become ready.
const maxReady = 4096

// look returns the roll-up of a period, and how often profiles were deleted.
func (r *rollups) look(p period) (file rolledFile, there bool, deleted int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	file, there = r.files[r.path(p.series, p.level, p.at)]
	return file, there, r.deleted
}

// settle ends the wait of a period whose profiles were looked at, unless some were
// deleted meanwhile.
func (r *rollups) settle(p period, deleted int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.deleted == deleted {
		delete(r.waiting, p)
	}
}

// again makes a period wait of which profiles were deleted.
func (r *rollups) again(p period) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deleted++
	t := r.waiting[p]
	t.profiles = max(t.profiles, 1)
	r.waiting[p] = t
}
