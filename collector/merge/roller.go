package merge

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/go-holmes/holmes/collector"
)

const (
	// grace is how long after its end a period is rolled up: profiles come
	// late.
	grace = 10 * time.Minute
	// recent is how far back a round looks, but for the first one, which looks
	// at everything.
	recent = 26 * time.Hour
	// rolledMemory bounds the fold of a group.
	rolledMemory = 32 << 20
	// maxRolled is the number of profiles above which a period is not rolled
	// up: their names alone would be too much.
	maxRolled = 100_000
)

// A period is the time that a roll-up covers.
type period struct {
	series series
	level  int
	at     time.Time
}

// A content counts what the store has of a period.
type content struct {
	profiles int
	prints   uint64
}

// A Roller makes roll-ups, round by round. It is used by one goroutine.
type Roller struct {
	merger *Merger
	begun  bool
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
// removed stays as it is. It ends early when ctx does. A few times an hour is often enough; the first one takes long where
// there are many profiles and no roll-ups.
func (r *Roller) Round(ctx context.Context) (done Round, err error) {
	m := r.merger
	if m.rollups == nil {
		return done, nil
	}
	now := m.config.Now()
	var since time.Time
	if !r.begun {
		if err := m.rollups.loaded(); err != nil {
			return done, err
		}
	} else {
		since = begin(now.Add(-recent), len(periods())-1)
	}
	contents, err := m.contents(ctx, collector.Query{From: since})
	if err != nil {
		return done, err
	}
	for _, p := range m.rollups.wrong(contents, since, now, m.expired) {
		change, err := m.roll(ctx, p)
		if err != nil {
			return done, err
		}
		done.count(change)
	}
	for _, p := range m.rollups.periods() {
		if m.expired(p, now) {
			if err := m.rollups.remove(m.rollups.path(p.series, p.level, p.at)); err != nil {
				return done, err
			}
			done.count(removed)
		}
	}
	r.begun = true
	done.Files, done.Bytes = m.rollups.usage()
	return done, nil
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

// expired reports whether the roll-up of a period is too old.
func (m *Merger) expired(p period, now time.Time) bool {
	age := m.config.HourAge
	if p.level > 0 {
		age = m.config.DayAge
	}
	return now.Sub(p.at.Add(periods()[p.level])) > age
}

// contents counts the profiles of each period.
func (m *Merger) contents(ctx context.Context, q collector.Query) (map[period]content, error) {
	contents := map[period]content{}
	for meta, err := range m.config.Store.Find(ctx, q) {
		if err != nil {
			return nil, err
		}
		if !meta.Kind.Pprof() {
			continue
		}
		for _, kind := range meta.Kinds() {
			for level := range periods() {
				p := period{series{meta.Service, kind}, level, begin(meta.CreatedAt, level)}
				t := contents[p]
				t.profiles++
				t.prints += printOf(meta.ID)
				contents[p] = t
			}
		}
	}
	return contents, nil
}

// wrong returns the periods from since on whose roll-up is missing or outdated:
// the short ones first, since the long ones are made of them, and of these the
// newest first.
func (r *rollups) wrong(contents map[period]content, since, now time.Time, expired func(period, time.Time) bool) []period {
	r.mu.Lock()
	defer r.mu.Unlock()
	wrong := map[period]bool{}
	for p, t := range contents {
		ended := !now.Before(p.at.Add(periods()[p.level]+grace)) && !expired(p, now)
		file, there := r.files[r.path(p.series, p.level, p.at)]
		switch worth := ended && t.profiles >= minRolled; {
		case worth && !there, there && file.prints != t.prints:
			wrong[p] = true
		}
	}
	for _, file := range r.files {
		p := period{file.series, file.level, file.at}
		if _, found := contents[p]; !found && !file.at.Before(since) {
			wrong[p] = true
		}
	}
	return slices.SortedFunc(maps.Keys(wrong), func(a, b period) int {
		return cmp.Or(cmp.Compare(a.level, b.level), b.at.Compare(a.at),
			cmp.Compare(a.series.service, b.series.service), cmp.Compare(a.series.kind, b.series.kind))
	})
}

func (p *period) query() collector.Query {
	return collector.Query{Service: p.series.service, Kind: p.series.kind, From: p.at, To: p.at.Add(periods()[p.level])}
}

// roll makes the roll-up of a period, or removes it if the period is not worth one. One
// that has what the store has no more is kept: profiles that come late stay beside it.
func (m *Merger) roll(ctx context.Context, p period) (change, error) {
	name := m.rollups.path(p.series, p.level, p.at)
	var metas []collector.Meta
	h := &head{Service: p.series.service, Kind: p.series.kind, Level: p.level, At: p.at}
	for meta, err := range m.config.Store.Find(ctx, p.query()) {
		if err != nil {
			return kept, err
		}
		h.Prints += printOf(meta.ID)
		metas = append(metas, meta)
	}
	if m.rollups.outlives(p, metas) {
		return kept, nil
	}
	if len(metas) < minRolled || len(metas) > maxRolled || !m.rollups.makeRoom(p.at, m.config.RollupBytes) {
		return removed, m.rollups.remove(name)
	}
	done, err := m.turn(ctx)
	if err != nil {
		return kept, err
	}
	defer done()
	var blobs [][]byte
	size := int64(0)
	most := maxGroups
	if needsFacts(p.series.kind) {
		most = maxSeries
	}
	for _, part := range groupsOf(metas, most) {
		g, blob, err := m.rollGroup(ctx, p, part)
		if err != nil {
			return kept, err
		}
		if blob != nil {
			h.Groups, blobs = append(h.Groups, g), append(blobs, blob)
			size += g.Size + 32*int64(len(g.IDs))
		}
	}
	if !m.rollups.makeRoom(p.at, m.config.RollupBytes-size) {
		return removed, m.rollups.remove(name)
	}
	return made, m.rollups.write(h, blobs)
}

// rollGroup adds up some of the profiles of a period. A group without a readable
// profile, one that lost a profile meanwhile, and one with more stacks than there is
// room for are dropped: what a query would have to say is not known here.
func (m *Merger) rollGroup(ctx context.Context, p period, part []collector.Meta) (g group, blob []byte, err error) {
	refs := make([]ref, len(part))
	for i := range part {
		refs[i] = refOf(&part[i], p.series.kind)
		g.IDs = append(g.IDs, part[i].ID)
		g.Profiles = append(g.Profiles, described{part[i].CreatedAt, part[i].Duration, part[i].Labels})
	}
	f := NewFold(min(rolledMemory, m.config.Memory))
	f.kind = p.series.kind
	run := &queryRun{merger: m, series: p.series, labels: true, sum: f, damaged: map[string]bool{}}
	if err := run.add(ctx, p.level-1, pointers(refs)); err != nil {
		return g, nil, err
	}
	if f.profiles == 0 || f.trimmed > 0 || f.profiles+f.skipped != len(refs) {
		return g, nil, nil
	}
	var b bytes.Buffer
	if _, err := f.WriteTo(&b); err != nil {
		return g, nil, err
	}
	g.Size, g.Bare, g.With, g.Below = int64(b.Len()), f.stripped, map[string]int{}, map[string]bool{}
	for _, c := range f.columns {
		g.With[c.Type] = max(g.With[c.Type], c.profiles)
		if c.signed {
			g.Below[c.Type] = true
		}
	}
	g.Damaged = slices.Sorted(maps.Keys(run.damaged))
	if needsFacts(p.series.kind) {
		for i := range refs {
			g.Facts = append(g.Facts, *refs[i].facts)
		}
	}
	return g, b.Bytes(), nil
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
