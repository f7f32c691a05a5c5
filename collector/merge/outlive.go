package merge

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// Roll-ups outlive their profiles. A query finds the profiles that the store has, and
// those that only roll-ups have: these count where the roll-up can be used as a whole.

// outlived returns the profiles of a query that roll-ups have and the store has not,
// which has found refs.
func (r *rollups) outlived(q *collector.Query, refs []ref) (all []ref) {
	s := series{q.Service, q.Kind}
	seen, prints := make(map[string]bool, len(refs)), map[period]uint64{}
	for i := range refs {
		seen[refs[i].id] = true
		for level := range periods() {
			prints[period{s, level, begin(refs[i].at, level)}] += printOf(refs[i].id)
		}
	}
	for _, file := range r.ofSeries(s) {
		p := period{s, file.level, file.at}
		end := p.at.Add(periods()[p.level])
		if prints[p] == file.prints || !q.From.IsZero() && !end.After(q.From) || !q.To.IsZero() && !p.at.Before(q.To) {
			continue
		}
		for _, m := range r.members(p) {
			if !seen[m.ID] && selects(q, &m) {
				seen[m.ID] = true
				all = append(all, refOf(&m, q.Kind))
			}
		}
	}
	return all
}

// ofSeries returns the roll-ups of a series, the longest first.
func (r *rollups) ofSeries(s series) (all []rolledFile) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, file := range r.files {
		if file.series == s {
			all = append(all, file)
		}
	}
	slices.SortFunc(all, func(a, b rolledFile) int { return cmp.Or(cmp.Compare(b.level, a.level), b.at.Compare(a.at)) })
	return all
}

// members describes the profiles of a roll-up.
func (r *rollups) members(p period) (all []collector.Meta) {
	file := r.open(p.series, p.level, p.at)
	if file == nil {
		return nil
	}
	defer file.Close()
	for i := range file.groups {
		members, whole := file.members(&file.groups[i])
		if !whole {
			continue
		}
		for n, d := range members.profiles {
			all = append(all, collector.Meta{
				ID: members.ids[n], Service: p.series.service, Kind: p.series.kind, CreatedAt: d.At, Duration: d.Duration, Labels: d.Labels,
			})
		}
	}
	return all
}

// selects reports whether a query of the profile's service and kind selects it.
func selects(q *collector.Query, m *collector.Meta) bool {
	return (q.From.IsZero() || !m.CreatedAt.Before(q.From)) && (q.To.IsZero() || m.CreatedAt.Before(q.To)) && m.Fits(q.Matchers) &&
		!slices.ContainsFunc(q.Labels, func(l collector.Label) bool { return !slices.Contains(m.Labels, l) })
}

// outlives reports whether a roll-up has a profile that the store has not.
func (r *rollups) outlives(p period, l *listing) bool {
	file := r.open(p.series, p.level, p.at)
	if file == nil {
		return false
	}
	defer file.Close()
	there := make(map[string]bool, len(l.all))
	for i := range l.all {
		there[l.all[i].id] = true
	}
	for i := range file.groups {
		members, whole := file.members(&file.groups[i])
		if whole && slices.ContainsFunc(members.ids, func(id string) bool { return !there[id] }) {
			return true
		}
	}
	return false
}

// periods returns those that have a roll-up.
func (r *rollups) periods() (all []period) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, file := range r.files {
		all = append(all, period{file.series, file.level, file.at})
	}
	return all
}

// Forget removes the roll-ups that have one of these profiles, which were deleted.
func (m *Merger) Forget(metas []collector.Meta) error {
	if m.rollups == nil {
		return nil
	}
	for i := range metas {
		for _, kind := range metas[i].Kinds() {
			for level := range periods() {
				p := period{series{metas[i].Service, kind}, level, begin(metas[i].CreatedAt, level)}
				m.rollups.again(p)
				if err := m.rollups.remove(m.rollups.path(p.series, p.level, p.at)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// Services returns the services of the store, and those of which only roll-ups remain, sorted.
func (m *Merger) Services(ctx context.Context) ([]string, error) {
	names, err := m.config.Store.Services(ctx)
	if err != nil || m.rollups == nil {
		return names, err
	}
	if err := m.rollups.loaded(); err != nil {
		return nil, err
	}
	names = slices.Clone(names)
	for _, p := range m.rollups.periods() {
		names = append(names, p.series.service)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// ForgetService removes all roll-ups of a service, and returns how many there were and their
// bytes.
func (m *Merger) ForgetService(service string) (files int, size int64, err error) {
	if m.rollups == nil {
		return 0, 0, nil
	}
	if err := m.rollups.loaded(); err != nil {
		return 0, 0, err
	}
	return m.rollups.removeService(service)
}

func (r *rollups) removeService(service string) (files int, size int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deleted++
	maps.DeleteFunc(r.files, func(_ string, file rolledFile) bool {
		its := file.series.service == service
		if its {
			files, size = files+1, size+file.size
		}
		return its
	})
	maps.DeleteFunc(r.waiting, func(p period, _ content) bool { return p.series.service == service })
	for _, kind := range collector.Kinds() {
		dir := filepath.Dir(r.path(series{service, kind}, 0, time.Time{}))
		if err := os.RemoveAll(filepath.Join(r.dir, dir)); err != nil {
			return files, size, fmt.Errorf("holmes: merge: %w", err)
		}
	}
	return files, size, nil
}
