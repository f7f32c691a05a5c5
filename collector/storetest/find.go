package storetest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
)

// ids returns the IDs of profiles, sorted.
func ids(metas []collector.Meta) []string {
	out := []string{}
	for _, m := range metas {
		out = append(out, m.ID)
	}
	slices.Sort(out)
	return out
}

func findsByEveryField(s *subject) {
	base := s.put(s.profile())
	for what, change := range map[string]func(*collector.Meta, *collector.Query){
		"service": func(m *collector.Meta, q *collector.Query) { m.Service, q.Service = "other", "other" },
		"kind":    func(m *collector.Meta, q *collector.Query) { m.Kind, q.Kind = collector.KindHeap, collector.KindHeap },
		"label": func(m *collector.Meta, q *collector.Query) {
			m.Labels, q.Labels = labels("region=us"), labels("region=us")
		},
		"labels": func(m *collector.Meta, q *collector.Query) { m.Labels, q.Labels = labels("a=b,c=d"), labels("c=d,a=b") },
		"from":   func(m *collector.Meta, q *collector.Query) { m.CreatedAt, q.From = at(100_000), at(100_000) },
		"to":     func(m *collector.Meta, q *collector.Query) { m.CreatedAt, q.To = at(-100_000), at(-99_999) },
	} {
		m, q := s.profile(), collector.Query{}
		change(&m, &q)
		got := s.put(m)
		for range 2 {
			require.Equal(s, []string{got.ID}, ids(s.found(q)), what)
			s.restart()
		}
	}
	e := s.putEvent(s.event())
	require.Equal(s, ids(e.Profiles), ids(s.found(collector.Query{Event: e.ID})))
	require.Contains(s, s.found(collector.Query{Labels: labels("region=eu")}), base)
	require.Empty(s, s.found(collector.Query{Labels: labels("region=")}))
	require.Empty(s, s.found(collector.Query{Labels: labels("region=eu,missing=x")}))
	require.Len(s, s.found(collector.Query{}), 9)
}

func findsEventsByEveryField(s *subject) {
	s.putEvent(s.event())
	s.put(s.profile())
	for what, change := range map[string]func(*collector.Event, *collector.EventQuery){
		"service": func(e *collector.Event, q *collector.EventQuery) { e.Service, q.Service = "other", "other" },
		"signal":  func(e *collector.Event, q *collector.EventQuery) { e.Signal, q.Signal = "mem", "mem" },
		"state":   func(e *collector.Event, q *collector.EventQuery) { e.State, q.State = "unconfirmed", "unconfirmed" },
		"reason":  func(e *collector.Event, q *collector.EventQuery) { e.Reason, q.Reason = "diff", "diff" },
		"culprit": func(e *collector.Event, q *collector.EventQuery) { e.Culprits, q.Culprit = []string{"a.b"}, "a.b" },
		"second culprit": func(e *collector.Event, q *collector.EventQuery) {
			e.Culprits, q.Culprit = []string{"a.c", "a.d"}, "a.d"
		},
		"labels": func(e *collector.Event, q *collector.EventQuery) { e.Labels, q.Labels = labels("x=y"), labels("x=y") },
		"from":   func(e *collector.Event, q *collector.EventQuery) { e.At, q.From = at(100_000), at(100_000) },
		"to":     func(e *collector.Event, q *collector.EventQuery) { e.At, q.To = at(-100_000), at(-99_999) },
	} {
		e, q := s.event(), collector.EventQuery{}
		change(e, &q)
		e.Profiles = e.Profiles[:1]
		e.Profiles[0].Service, e.Profiles[0].Labels = e.Service, e.Labels
		stored := s.putEvent(e)
		for range 2 {
			require.Equal(s, []collector.Event{stored}, s.foundEvents(q), what)
			s.restart()
		}
	}
	require.Len(s, s.foundEvents(collector.EventQuery{}), 10)
	require.Len(s, s.foundEvents(collector.EventQuery{Limit: 4}), 4)
}

// findsOutOfOrder stores profiles in an order that is not that of their times.
func findsOutOfOrder(s *subject) {
	order := rand.New(rand.NewPCG(1, 2)).Perm(60)
	for _, n := range order {
		m := s.profile()
		m.CreatedAt, m.Labels = at(n), labels(fmt.Sprintf("third=%d,half=%d", n%3, n%2))
		s.put(m)
	}
	for range 2 {
		require.Len(s, s.found(collector.Query{Labels: labels("third=1")}), 20)
		require.Len(s, s.found(collector.Query{Labels: labels("third=1,half=0")}), 10)
		require.Len(s, s.found(collector.Query{Labels: labels("half=0"), From: at(10), To: at(20)}), 5)
		s.restart()
	}
}

func findsTheNewestFirst(s *subject) {
	var all []collector.Meta
	for _, n := range []int{5, 1, 9, 3, 7} {
		m := s.profile()
		m.CreatedAt = at(n)
		all = append(all, s.put(m))
	}
	slices.SortFunc(all, func(a, b collector.Meta) int { return b.CreatedAt.Compare(a.CreatedAt) })
	for range 2 {
		for limit := range 7 {
			want := all
			if limit > 0 {
				want = all[:min(limit, len(all))]
			}
			require.Equal(s, want, s.found(collector.Query{Limit: limit}))
		}
		s.restart()
	}
}

func findsInsideTheWindow(s *subject) {
	m := s.profile()
	m = s.put(m)
	just := time.Nanosecond
	for _, tt := range []struct {
		from, to time.Time
		inside   bool
	}{
		{m.CreatedAt, time.Time{}, true},
		{m.CreatedAt.Add(just), time.Time{}, false},
		{time.Time{}, m.CreatedAt.Add(just), true},
		{time.Time{}, m.CreatedAt, false},
		{m.CreatedAt, m.CreatedAt.Add(just), true},
		{m.CreatedAt, m.CreatedAt, false},
	} {
		require.Equal(s, tt.inside, len(s.found(collector.Query{From: tt.from, To: tt.to})) == 1, "%v", tt)
	}
}

// findsAsTheModel compares many searches with a linear scan.
func findsAsTheModel(s *subject) {
	random := rand.New(rand.NewPCG(3, 4))
	var all []collector.Meta
	for range 150 {
		m := s.profile()
		m.Service = fmt.Sprint("service", random.IntN(3))
		m.Kind = collector.Kinds()[random.IntN(4)]
		m.Labels = labels(fmt.Sprintf("a=%d,b=%d", random.IntN(4), random.IntN(10)))
		m.CreatedAt = at(random.IntN(100))
		all = append(all, s.put(m))
	}
	for range 300 {
		q := collector.Query{Limit: random.IntN(3) * random.IntN(20)}
		pick := func(do func()) {
			if random.IntN(2) == 0 {
				do()
			}
		}
		pick(func() { q.Service = fmt.Sprint("service", random.IntN(4)) })
		pick(func() { q.Kind = collector.Kinds()[random.IntN(5)] })
		pick(func() { q.Labels = labels(fmt.Sprintf("a=%d", random.IntN(5))) })
		pick(func() { q.Labels = append(q.Labels, collector.Label{Key: "b", Value: fmt.Sprint(random.IntN(10))}) })
		pick(func() { q.From = at(random.IntN(50)) })
		pick(func() { q.To = at(50 + random.IntN(50)) })
		requireAsTheModel(s, all, &q)
		if random.IntN(100) == 0 {
			s.restart()
		}
	}
}

func requireAsTheModel(s *subject, all []collector.Meta, q *collector.Query) {
	s.Helper()
	var want []collector.Meta
	for i := range all {
		if fits(q, &all[i]) {
			want = append(want, all[i])
		}
	}
	got := s.found(*q)
	newestFirst := func(a, b collector.Meta) int { return b.CreatedAt.Compare(a.CreatedAt) }
	require.True(s, slices.IsSortedFunc(got, newestFirst))
	if q.Limit == 0 || len(want) <= q.Limit {
		require.Equal(s, ids(want), ids(got), "%+v", q)
		return
	}
	// The choice among records of the same time is not specified.
	slices.SortStableFunc(want, newestFirst)
	require.Len(s, got, q.Limit)
	for i := range got {
		require.Equal(s, want[i].CreatedAt, got[i].CreatedAt, "%+v", q)
		require.True(s, fits(q, &got[i]))
	}
}

func fits(q *collector.Query, m *collector.Meta) bool {
	for _, l := range q.Labels {
		if m.Labels.Get(l.Key) != l.Value {
			return false
		}
	}
	return (q.Service == "" || q.Service == m.Service) && (q.Kind == "" || slices.Contains(m.Kinds(), q.Kind)) &&
		(q.From.IsZero() || !m.CreatedAt.Before(q.From)) && (q.To.IsZero() || m.CreatedAt.Before(q.To))
}

// findsSeveralKinds stores profiles that hold several kinds: each is found under all of
// them, and stays what it was sent as.
func findsSeveralKinds(s *subject) {
	m := s.profile()
	m.Kind, m.File = collector.KindHeap, "heap.pb.gz"
	for _, typ := range []string{"samples", "cpu", "inuse_space", "goroutine"} {
		m.Totals = append(m.Totals, collector.Total{Type: typ, Unit: "count", Value: 3})
	}
	mixed := s.put(m)
	m = s.profile()
	m.Kind, m.Totals = collector.KindBlock, []collector.Total{{Type: "contentions", Unit: "count"}, {Type: "delay", Unit: "nanoseconds"}}
	block := s.put(m)
	m = s.profile()
	m.Kind, m.Totals = collector.KindOther, mixed.Totals
	other := s.put(m)
	for range 2 {
		for kind, want := range map[collector.Kind][]collector.Meta{
			collector.KindHeap: {mixed}, collector.KindCPU: {mixed}, collector.KindGoroutine: {mixed},
			collector.KindBlock: {block}, collector.KindMutex: {}, collector.KindOther: {other},
		} {
			require.Equal(s, want, s.found(collector.Query{Kind: kind}), kind)
			require.Equal(s, want, s.found(collector.Query{Matchers: []collector.Matcher{matcher(s, "type", "=", string(kind))}}), kind)
		}
		for _, tt := range []struct {
			op, value string
			want      []collector.Meta
		}{
			{"=~", "cpu|block", []collector.Meta{mixed, block}},
			{"!=", "cpu", []collector.Meta{block, other}},
			{"!=", "heap", []collector.Meta{block, other}},
			{"!~", "goroutine|other", []collector.Meta{block}},
			{"!=", "mutex", []collector.Meta{mixed, block, other}},
		} {
			found := s.found(collector.Query{Matchers: []collector.Matcher{matcher(s, "type", tt.op, tt.value)}})
			require.Equal(s, ids(tt.want), ids(found), "%s %s", tt.op, tt.value)
		}
		kinds, err := s.LabelValues(s.Context(), "type", collector.Query{})
		require.NoError(s, err)
		require.Equal(s, []string{"block", "cpu", "goroutine", "heap", "other"}, kinds)
		q := collector.TimelineQuery{Type: "cpu", Step: time.Hour, By: "type", Query: collector.Query{Kind: collector.KindCPU, From: at(0), To: at(100)}}
		lines, err := s.Timeline(s.Context(), q)
		require.NoError(s, err)
		require.Len(s, lines, 1)
		require.Equal(s, "cpu", lines[0].By)
		s.restart()
	}
}

// keepsOddNamesApart uses names that a store could confuse with its own.
func keepsOddNamesApart(s *subject) {
	odd := []string{
		"a/b", "a", "b", "a,b", "a=b", "a+b", "a b", "a%2Cb", "a%2cb", "../a", "..", ".", "/", "-", "ключ", "a:b",
		"A", "a\u00a0b", "'\"<script>", "*", "%", "a\\b",
	}
	byValue := map[string]string{}
	for _, name := range odd {
		m := s.profile()
		m.Service, m.Labels = name, collector.Labels{{Key: name, Value: name}}
		byValue[name] = s.put(m).ID
	}
	for range 2 {
		for _, name := range odd {
			want := []string{byValue[name]}
			require.Equal(s, want, ids(s.found(collector.Query{Service: name})), "%q", name)
			require.Equal(s, want, ids(s.found(collector.Query{Labels: collector.Labels{{Key: name, Value: name}}})), "%q", name)
		}
		names, err := s.Services(s.Context())
		require.NoError(s, err)
		require.Equal(s, slices.SortedFunc(slices.Values(odd), cmp.Compare[string]), names)
		s.restart()
	}
	// A label is not its own key and value the other way round.
	require.Empty(s, s.found(collector.Query{Labels: collector.Labels{{Key: "a", Value: "b"}}}))
}
