package storetest

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
)

// matcher makes a matcher of three words.
func matcher(s *subject, name, op, value string) collector.Matcher {
	s.Helper()
	m, err := collector.NewMatcher(name, op, value)
	require.NoError(s, err)
	return m
}

// fleet stores n profiles of some services, kinds and labels. Some share a time, some
// lack a label, some have totals.
func (s *subject) fleet(n int) (all []collector.Meta) {
	s.Helper()
	random := rand.New(rand.NewPCG(7, uint64(n)))
	for range n {
		m := s.profile()
		m.Service = fmt.Sprint("service", random.IntN(3))
		m.Kind = collector.Kinds()[random.IntN(3)]
		m.Labels = labels(fmt.Sprintf("zone=%d", random.IntN(4)))
		if random.IntN(3) > 0 {
			m.Labels = append(m.Labels, labels(fmt.Sprintf("a=%d", random.IntN(5)))...)
			slices.SortFunc(m.Labels, func(a, b collector.Label) int { return len(a.Key) - len(b.Key) })
		}
		m.CreatedAt = at(random.IntN(20))
		switch random.IntN(4) {
		case 0:
			m.Totals = []collector.Total{{Type: "samples", Unit: "count", Value: 3}, {Type: "cpu", Unit: "nanoseconds", Value: random.Int64N(1e9)}}
		case 1:
			m.Totals = []collector.Total{{Type: "cpu", Unit: "milliseconds", Value: -5}}
		case 2:
			m.Totals = []collector.Total{{Type: "space", Unit: "bytes", Value: 1 << 40}}
		}
		all = append(all, s.put(m))
	}
	return all
}

func findsByMatchers(s *subject) {
	all := s.fleet(120)
	for range 2 {
		for _, matchers := range [][]collector.Matcher{
			{matcher(s, "a", "=", "1")},
			{matcher(s, "a", "=", "")},
			{matcher(s, "a", "!=", "1")},
			{matcher(s, "a", "!=", "")},
			{matcher(s, "a", "=~", "[12]")},
			{matcher(s, "a", "=~", "1|")},
			{matcher(s, "a", "=~", "1.")},
			{matcher(s, "a", "!~", "[12]")},
			{matcher(s, "a", "!~", ".+"), matcher(s, "zone", "=~", "[0-2]")},
			{matcher(s, "service", "=~", ".*[02]"), matcher(s, "type", "!=", "cpu")},
			{matcher(s, "service", "!=", "service1"), matcher(s, "service", "!=", "service2")},
			{matcher(s, "missing", "=", "x")},
			{matcher(s, "missing", "!=", "x")},
		} {
			for _, q := range []collector.Query{{}, {Service: "service1"}, {Labels: labels("zone=1")}, {From: at(5), To: at(10)}} {
				q.Matchers = matchers
				want := []collector.Meta{}
				for i := range all {
					if fits(&q, &all[i]) && all[i].Fits(matchers) {
						want = append(want, all[i])
					}
				}
				require.Equal(s, ids(want), ids(s.found(q)), "%v", q)
			}
		}
		s.restart()
	}
	for _, err := range s.Find(s.Context(), collector.Query{Matchers: []collector.Matcher{{Name: "a", Op: "=~", Value: "x"}}}) {
		s.requireCode(collector.Invalid, err)
	}
}

func findsEventsByMatchers(s *subject) {
	for n := range 4 {
		e := s.event()
		e.Service, e.Labels = fmt.Sprint("service", n), labels(fmt.Sprint("instance=pod-", n))
		e.Profiles = nil
		s.putEvent(e)
	}
	for range 2 {
		q := collector.EventQuery{Matchers: []collector.Matcher{matcher(s, "service", "=~", "service[0-2]"), matcher(s, "instance", "!=", "pod-1")}}
		found := s.foundEvents(q)
		require.Len(s, found, 2)
		require.Equal(s, "service2", found[0].Service)
		require.Equal(s, "service0", found[1].Service)
		s.restart()
	}
}

// pagesThroughEqualTimes reads pages of each size, while records are stored that the
// pages do not reach any more.
func pagesThroughEqualTimes(s *subject) {
	s.fleet(60)
	for _, size := range []int{1, 7, 60, 100} {
		var want []string
		for _, m := range s.found(collector.Query{}) {
			want = append(want, m.ID)
		}
		var got []string
		q := collector.Query{Limit: size}
		for {
			page := s.found(q)
			for _, m := range page {
				got = append(got, m.ID)
			}
			if len(page) < size {
				break
			}
			text := page[len(page)-1].Position()
			var err error
			q.After, err = collector.ParsePosition(text.String())
			require.NoError(s, err)
			m := s.profile()
			m.CreatedAt = at(1000) // newer than all
			s.put(m)
		}
		require.Equal(s, want, got, "pages of %d", size)
		s.restart()
	}
	for _, err := range s.Find(s.Context(), collector.Query{After: collector.Position{At: at(1), ID: "x"}}) {
		s.requireCode(collector.Invalid, err)
	}
}

func pagesThroughEvents(s *subject) {
	for n := range 20 {
		e := s.event()
		e.At = at(n / 5)
		s.putEvent(e)
	}
	for range 2 {
		var want, got []string
		for _, e := range s.foundEvents(collector.EventQuery{}) {
			want = append(want, e.ID)
		}
		q := collector.EventQuery{Limit: 3}
		for {
			page := s.foundEvents(q)
			for _, e := range page {
				got = append(got, e.ID)
			}
			if len(page) < q.Limit {
				break
			}
			q.After = page[len(page)-1].Position()
		}
		require.Len(s, want, 20)
		require.Equal(s, want, got)
		s.restart()
	}
}

func keepsTotals(s *subject) {
	m := s.profile()
	m.Totals = []collector.Total{{Type: "samples", Unit: "count", Value: 17}, {Type: "cpu", Unit: "nanoseconds", Value: -1 << 62}, {}}
	got := s.put(m)
	require.Equal(s, m.Totals, got.Totals)
	e := s.event()
	e.Profiles[1].Totals = []collector.Total{{Type: "inuse_space", Unit: "bytes", Value: 5}}
	stored := s.putEvent(e)
	require.Equal(s, e.Profiles[1].Totals, stored.Profiles[1].Totals)
	for range 2 {
		s.holds(got)
		s.requireEvent(stored)
		s.restart()
	}
	m = s.profile()
	m.Totals = []collector.Total{{Type: "a\x00b"}}
	_, err := put(s.Context(), s.Store, collector.Record{Profile: &m})
	s.requireCode(collector.Invalid, err)
}

// drawsTimelines compares timelines with those that a search gives.
func drawsTimelines(s *subject) {
	s.fleet(200)
	for range 3 {
		e := s.event()
		e.At = at(5)
		e.Profiles[0].CreatedAt = at(7)
		e.Profiles[0].Totals = []collector.Total{{Type: "cpu", Unit: "nanoseconds", Value: 9}}
		s.putEvent(e)
	}
	lines := 0
	for range 2 {
		for _, q := range []collector.TimelineQuery{
			{Type: "cpu"},
			{Type: "cpu", By: "service"},
			{Type: "cpu", By: "type"},
			{Type: "space", By: "a"},
			{Type: "nothing"},
			{Type: "cpu", By: "zone", Query: collector.Query{Service: "service1", Matchers: []collector.Matcher{matcher(s, "a", "!=", "")}}},
		} {
			for _, step := range []time.Duration{time.Second, 3 * time.Second, time.Hour} {
				q.From, q.To, q.Step = at(2), at(18), step
				want, err := collector.Timeline(s.Context(), s.Store, q)
				require.NoError(s, err)
				got, err := s.Timeline(s.Context(), q)
				require.NoError(s, err)
				require.Equal(s, want, got, "%+v", q)
				lines += len(got)
			}
		}
		s.restart()
	}
	require.Greater(s, lines, 50)
	for _, q := range []collector.TimelineQuery{
		{},
		{Type: "cpu", Step: 1},
		{Type: "cpu", Query: collector.Query{From: at(1), To: at(2)}},
		{Type: "cpu", Step: 1, Query: collector.Query{From: at(1), To: at(2)}},
	} {
		_, err := s.Timeline(s.Context(), q)
		require.Contains(s, []collector.Code{collector.Invalid, collector.TooLarge}, collector.CodeOf(err))
	}
}

func listsLabels(s *subject) {
	all := s.fleet(80)
	e := s.event()
	e.Profiles, e.Labels = nil, labels("only=event")
	s.putEvent(e)
	for range 2 {
		for _, q := range []collector.Query{{}, {Service: "service1", Kind: collector.KindHeap}, {From: at(3), To: at(5)}, {Matchers: []collector.Matcher{matcher(s, "a", "=", "")}}} {
			names, values := map[string]bool{}, map[string]map[string]bool{"a": {}, "zone": {}, "service": {}, "type": {}, "only": {}}
			for i := range all {
				m := &all[i]
				if !fits(&q, m) || !m.Fits(q.Matchers) {
					continue
				}
				values["service"][m.Service] = true
				for _, kind := range m.Kinds() {
					values["type"][string(kind)] = true
				}
				for _, l := range m.Labels {
					names[l.Key], values[l.Key][l.Value] = true, true
				}
			}
			got, err := s.LabelNames(s.Context(), q)
			require.NoError(s, err)
			require.ElementsMatch(s, slices.Collect(maps.Keys(names)), got)
			require.True(s, slices.IsSorted(got))
			for name, want := range values {
				got, err := s.LabelValues(s.Context(), name, q)
				require.NoError(s, err)
				require.ElementsMatch(s, slices.Collect(maps.Keys(want)), got, name)
				require.True(s, slices.IsSorted(got))
			}
		}
		s.restart()
	}
	_, err := s.LabelValues(s.Context(), "", collector.Query{})
	s.requireCode(collector.Invalid, err)
	_, err = s.LabelNames(s.Context(), collector.Query{Kind: "nonsense"})
	s.requireCode(collector.Invalid, err)
}

func opensAllInOrder(s *subject) {
	var metas []collector.Meta
	var wanted []string
	for range 40 {
		m := s.put(s.profile())
		metas = append(metas, m)
		wanted = append(wanted, m.ID)
	}
	wanted[17] = "missing"
	n := 0
	for f, err := range s.OpenAll(s.Context(), wanted) {
		if n == 17 {
			s.requireCode(collector.NotFound, err)
		} else {
			require.NoError(s, err)
			require.Equal(s, metas[n], f.Meta)
			raw, err := io.ReadAll(f)
			require.NoError(s, err)
			require.Equal(s, contentOf(&metas[n]), string(raw))
			require.NoError(s, f.Close())
		}
		n++
	}
	require.Equal(s, 40, n)
}

// deletesByRequest is for stores that can.
func deletesByRequest(s *subject) {
	deleter, ok := s.Store.(collector.Deleter)
	if !ok {
		s.Skip("the store does not delete by request")
	}
	m, e := s.put(s.profile()), s.putEvent(s.event())
	other := s.profile()
	other.Service = "other"
	other = s.put(other)
	done, err := deleter.Delete(s.Context(), collector.Selection{Profile: m.ID})
	require.NoError(s, err)
	require.Equal(s, 1, done.Uploads)
	require.Equal(s, ids(append(slices.Clone(e.Profiles), other)), ids(s.found(collector.Query{})))
	_, err = s.Open(s.Context(), m.ID)
	s.requireCode(collector.NotFound, err)
	_, err = deleter.Delete(s.Context(), collector.Selection{Service: "shop"})
	require.NoError(s, err)
	require.Empty(s, s.foundEvents(collector.EventQuery{}))
	s.putEvent(&collector.Event{ID: e.ID, Service: "shop", Signal: "cpu", At: e.At}) // its key is free
	require.Equal(s, ids([]collector.Meta{other}), ids(s.found(collector.Query{})))
}
