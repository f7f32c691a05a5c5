package merge

import (
	"context"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// A listing is the profiles of a period, the newest first. There may be three million,
// so each takes little: their labels are kept once.
type listing struct {
	series series
	prints uint64
	all    []listed
	sets   []collector.Labels
	bySet  map[string]int32
	own    []collector.Kind // that profiles were sent as
}

// A listed is a profile of a listing.
type listed struct {
	id       string
	at       int64
	duration time.Duration
	set      int32
	own      uint8
}

// list returns what the store has of a period. It asks for an hour at a time, since a
// search holds all that it finds.
func (m *Merger) list(ctx context.Context, p period) (*listing, error) {
	l := &listing{series: p.series, bySet: map[string]int32{}}
	q := p.query()
	for to := q.To; to.After(q.From); to = to.Add(-periods()[0]) {
		part := q
		part.From, part.To = to.Add(-periods()[0]), to
		for meta, err := range m.config.Store.Find(ctx, part) {
			if err != nil {
				return nil, err
			}
			l.add(&meta)
		}
	}
	return l, nil
}

func (l *listing) add(meta *collector.Meta) {
	l.prints += printOf(meta.ID)
	key := meta.Labels.String()
	set, known := l.bySet[key]
	if !known {
		set = int32(len(l.sets))
		l.bySet[key] = set
		l.sets = append(l.sets, meta.Labels)
	}
	own := 0
	for own < len(l.own) && l.own[own] != meta.Kind {
		own++
	}
	if own == len(l.own) {
		l.own = append(l.own, meta.Kind)
	}
	l.all = append(l.all, listed{meta.ID, meta.CreatedAt.UnixNano(), meta.Duration, set, uint8(own)})
}

// meta describes a profile as far as a roll-up needs it.
func (l *listing) meta(i int32) collector.Meta {
	e := &l.all[i]
	return collector.Meta{
		ID: e.id, Service: l.series.service, Kind: l.own[e.own], Labels: l.sets[e.set],
		CreatedAt: time.Unix(0, e.at).UTC(), Duration: e.duration,
	}
}

// chunks parts the places of profiles by the hour.
func (l *listing) chunks(part []int32) (all [][]int32) {
	hour := func(place int32) time.Time { return begin(time.Unix(0, l.all[place].at), 0) }
	for len(part) > 0 {
		n, first := 1, hour(part[0])
		for n < len(part) && hour(part[n]).Equal(first) {
			n++
		}
		all = append(all, part[:n])
		part = part[n:]
	}
	return all
}
