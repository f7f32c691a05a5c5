package merge

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/go-holmes/holmes/collector"
)

const (
	// rolledMemory bounds the fold of a group.
	rolledMemory = 32 << 20
	// maxRolled is the number of profiles above which a period is not rolled up: a day of
	// six thousand instances. Each takes 64 bytes meanwhile.
	maxRolled = 10_000_000
)

// A Roller makes roll-ups, round by round. It is used by one goroutine.
type Roller struct {
	merger *Merger
	mark   string // up to which arrivals were read
}

// Roller returns what makes the roll-ups of m. Without [Config.Dir] its rounds do
// nothing.
func (m *Merger) Roller() *Roller { return &Roller{merger: m} }

// A Round is the result of a round.
type Round struct {
	Made, Removed int
	// Files and Bytes are those of all roll-ups at its end.
	Files int
	Bytes int64
}

// Round makes roll-ups of all periods that have ended and have none, or an outdated
// one, and removes those that are too old. A roll-up with profiles that retention has
// removed stays as it is. It ends early when ctx does. A few times an hour is often
// enough: a round looks only at periods with profiles that have arrived since the one
// before. The first one looks at everything, and takes long where there are many
// profiles and no roll-ups. See [Merger.Backlog].
func (r *Roller) Round(ctx context.Context) (done Round, err error) {
	m := r.merger
	if m.rollups == nil {
		return done, nil
	}
	if err := m.rollups.loaded(); err != nil {
		return done, err
	}
	for full := true; full; {
		if err := r.read(ctx); err != nil {
			return done, err
		}
		ready := m.rollups.ready(m.config.Now(), m.expired)
		full = len(ready) == maxReady
		for i, p := range ready {
			if i%readEvery == readEvery-1 { // so that the backlog is known
				if err := r.read(ctx); err != nil {
					return done, err
				}
			}
			change, err := m.roll(ctx, p)
			if err != nil {
				return done, err
			}
			done.count(change)
		}
	}
	now := m.config.Now()
	for _, p := range m.rollups.periods() {
		if m.expired(p, now) {
			if err := m.rollups.remove(m.rollups.path(p.series, p.level, p.at)); err != nil {
				return done, err
			}
			done.count(removed)
		}
	}
	done.Files, done.Bytes = m.rollups.usage()
	return done, nil
}

// readEvery is after how many roll-ups of a round the arrivals are read.
const readEvery = 16

// read adds what has arrived since the last time to what waits.
func (r *Roller) read(ctx context.Context) error {
	m, arrived := r.merger, backlog{}
	mark, err := m.config.Store.Arrivals(ctx, r.mark, func(meta collector.Meta) error {
		arrived.add(&meta)
		return nil
	})
	if err != nil {
		return err
	}
	r.mark = mark
	m.rollups.await(arrived, m.config.Now())
	return nil
}

// A change is what was done to a roll-up.
type change int

const (
	kept change = iota
	made
	removed
)

func (r *Round) count(c change) {
	switch c {
	case made:
		r.Made++
	case removed:
		r.Removed++
	}
}

// roll makes the roll-up of a period, or removes it if the period is not worth one. One
// that has what the store has no more is kept: profiles that come late stay beside it.
func (m *Merger) roll(ctx context.Context, p period) (change, error) {
	file, there, deleted := m.rollups.look(p)
	done, err := m.turn(ctx)
	if err != nil {
		return kept, err
	}
	defer done()
	l, err := m.list(ctx, p)
	if err != nil {
		return kept, err
	}
	if there && (file.prints == l.prints || m.rollups.outlives(p, l)) {
		m.rollups.settle(p, deleted)
		return kept, nil
	}
	drop := func() (change, error) {
		m.rollups.settle(p, deleted)
		if !there {
			return kept, nil
		}
		return removed, m.rollups.remove(m.rollups.path(p.series, p.level, p.at))
	}
	if len(l.all) < minRolled || len(l.all) > maxRolled || !m.rollups.makeRoom(p.at, m.config.RollupBytes) {
		return drop()
	}
	w, err := m.rollups.begin(head{Service: p.series.service, Kind: p.series.kind, Level: p.level, At: p.at, Prints: l.prints})
	if err != nil {
		return kept, err
	}
	defer w.discard()
	if err := m.rollGroups(ctx, p, l, w); err != nil {
		return kept, err
	}
	if !m.rollups.makeRoom(p.at, m.config.RollupBytes-w.size) {
		return drop()
	}
	placed, err := m.rollups.finish(w, deleted)
	if err != nil || !placed {
		return kept, err
	}
	m.rollups.settle(p, deleted)
	return made, nil
}

// rollGroups writes the groups of a period.
func (m *Merger) rollGroups(ctx context.Context, p period, l *listing, w *rollupWriter) error {
	most := maxGroups
	if needsFacts(p.series.kind) {
		most = maxSeries
	}
	opened := opened{}
	defer opened.close()
	for _, part := range l.groupsOf(most) {
		if err := m.rollGroup(ctx, p, l, part, opened, w); err != nil {
			return err
		}
	}
	return w.end()
}

// rollGroup adds up some of the profiles of a period. A group without a readable
// profile, one that lost a profile meanwhile, and one with more stacks than there is
// room for are dropped: what a query would have to say is not known here.
func (m *Merger) rollGroup(ctx context.Context, p period, l *listing, part []int32, opened opened, w *rollupWriter) error {
	f := NewFold(min(rolledMemory, m.config.Memory))
	f.kind = p.series.kind
	run := &queryRun{merger: m, series: p.series, labels: true, sum: f, damaged: map[string]bool{}, opened: opened}
	var described, profile bytes.Buffer
	members := newMemberWriter(&described, w.zip)
	w.zip = members.zip // for the next group
	for _, chunk := range l.chunks(part) {
		refs := make([]ref, len(chunk))
		for i, place := range chunk {
			meta := l.meta(place)
			refs[i] = refOf(&meta, p.series.kind)
		}
		if err := run.add(ctx, p.level-1, pointers(refs)); err != nil {
			return err
		}
		for i, place := range chunk {
			members.add(&refs[i], l.sets[l.all[place].set])
		}
	}
	if err := members.close(); err != nil {
		return err
	}
	if f.profiles == 0 || f.trimmed > 0 || f.profiles+f.skipped != len(part) {
		return nil
	}
	if _, err := f.WriteTo(&profile); err != nil {
		return err
	}
	g := group{Count: len(part), First: l.all[part[0]].id, Bare: f.stripped, With: map[string]int{}, Below: map[string]bool{}}
	for _, c := range f.columns {
		g.With[c.Type] = max(g.With[c.Type], c.profiles)
		if c.signed {
			g.Below[c.Type] = true
		}
	}
	g.Damaged = slices.Sorted(maps.Keys(run.damaged))
	return w.add(&g, described.Bytes(), profile.Bytes())
}

// oldest returns the n roll-ups of the longest ago.
func (r *rollups) oldest(n int) []rolledFile {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := slices.SortedFunc(maps.Values(r.files), func(a, b rolledFile) int { return a.at.Compare(b.at) })
	return all[:min(n, len(all))]
}

// makeRoom removes roll-ups that are older than one to be made, until there is
// room for it. It is false if there are none of those.
func (r *rollups) makeRoom(at time.Time, limit int64) bool {
	for _, used := r.usage(); used > limit; _, used = r.usage() {
		old := r.oldest(1)
		if len(old) == 0 || !old[0].at.Before(at) {
			return false
		}
		if r.remove(r.path(old[0].series, old[0].level, old[0].at)) != nil {
			return false
		}
	}
	return true
}

func (r *rollups) usage() (files int, size int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.files {
		size += f.size
	}
	return len(r.files), size
}
