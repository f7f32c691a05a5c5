package merge_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
	"github.com/go-holmes/holmes/collector/merge"
)

// A history is random uploads of a service, and random queries.
type history struct {
	*rand.Rand
	t *testing.T
}

// raw is a random profile of a kind.
func (h *history) raw(kind collector.Kind) []byte {
	types := map[collector.Kind][][]string{
		collector.KindCPU: {
			cpuTypes, cpuTypes, {"samples", "count", "cpu", "milliseconds"}, {"samples", "count"}, {"sample", "count", "wall", "nanoseconds"},
		},
		collector.KindHeap:      {heapTypes, heapTypes, {"objects", "count", "space", "bytes"}, {"inuse_space", "kilobytes"}, {"inuse_space", "bytes", "cpu", "nanoseconds", "delay", "nanoseconds"}},
		collector.KindMutex:     {mutexTypes, {"lock_count", "count", "lock_time", "nanoseconds"}},
		collector.KindGoroutine: {{"goroutine", "count"}},
		collector.KindOther:     {{"fish", "count"}, {"exception", "count", "fish", "count"}},
	}[kind]
	if h.IntN(20) == 0 {
		return proftest.Zip(h.t, proftest.Message{}.Column().Strings("cpu", "nanoseconds").Sample(1, 99)) // cannot be read
	}
	of := types[h.IntN(len(types))]
	stacks := map[string][]int64{}
	for range 1 + h.IntN(6) {
		values := make([]int64, len(of)/2)
		for i := range values {
			values[i] = h.Int64N(1_000_000)
			if kind == collector.KindHeap && h.IntN(10) == 0 {
				values[i] = -values[i]
			}
		}
		stacks[fmt.Sprint("main.f", h.IntN(12))] = values
	}
	return made(h.t, of, stacks)
}

// upload is a random one of two days.
func (h *history) upload(kind collector.Kind) upload {
	u := upload{
		minute: h.IntN(50) * h.IntN(60), raw: h.raw(kind),
		labels: fmt.Sprintf("instance=pod-%d,version=%d", h.IntN(4), h.IntN(2)),
	}
	if h.IntN(3) > 0 {
		u.duration = time.Duration(1+h.IntN(20)) * time.Second
	}
	if h.IntN(10) == 0 {
		u.labels = ""
	}
	return u
}

// request is a random one.
func (h *history) request(kind collector.Kind) merge.Request {
	r := merge.Request{Query: collector.Query{Service: "shop", Kind: kind}, Labels: h.IntN(2) == 0}
	r.View.Over = []merge.Over{"", merge.Total, merge.Rate, merge.Latest}[h.IntN(4)]
	r.View.PerInstance = h.IntN(2) == 0
	q := &r.Query
	if h.IntN(2) == 0 {
		q.From = start().Add(time.Duration(h.IntN(24)) * time.Hour).Add(time.Duration(h.IntN(2)*h.IntN(3600)) * time.Second)
		q.To = q.From.Add(time.Duration(1+h.IntN(30)) * time.Hour)
	}
	switch h.IntN(4) {
	case 0:
		q.Labels = collector.Labels{{Key: "version", Value: fmt.Sprint(h.IntN(2))}}
	case 1:
		q.Labels = collector.Labels{{Key: "instance", Value: fmt.Sprintf("pod-%d", h.IntN(4))}}
	}
	if h.IntN(5) == 0 {
		q.Limit = 1 + h.IntN(40)
	}
	return r
}

// An answer is everything that a query says.
type answer struct {
	Code     collector.Code
	Column   string
	Values   map[string]map[string]float64 // by type and stack, as they are drawn
	Totals   map[string]int64
	Measures map[string]merge.Measure
	Rounded  map[string]map[string]int64 // as go tool pprof has them
	First    time.Time
	Profiles int
}

func ask(t *testing.T, m *merge.Merger, r merge.Request) (a answer) {
	t.Helper()
	f, err := m.Fold(t.Context(), r)
	if err != nil {
		require.NotEqual(t, collector.Internal, collector.CodeOf(err), err)
		return answer{Code: collector.CodeOf(err)}
	}
	n, err := f.Column("")
	require.NoError(t, err)
	a = answer{
		Column: f.Columns()[n].String(), Values: map[string]map[string]float64{}, Totals: map[string]int64{}, Measures: map[string]merge.Measure{},
		Rounded: map[string]map[string]int64{}, First: f.Time(), Profiles: f.Profiles(),
	}
	for i, c := range f.Columns() {
		stacks := map[string]int64{}
		for frames, v := range f.Stacks(i) {
			stacks[frames[0].Function] += v
		}
		a.Values[c.String()] = map[string]float64{}
		for name, v := range stacks {
			if v != 0 {
				a.Values[c.String()][name] = float64(v) * f.Scale(i)
			}
		}
		a.Totals[c.String()], a.Measures[c.String()] = f.Totals()[i], f.Measure(i)
	}
	samples := decoded(t, f).Sample
	for i, c := range f.Columns() {
		a.Rounded[c.String()] = map[string]int64{}
		for _, s := range samples {
			if s.Value[i] != 0 {
				a.Rounded[c.String()][s.Location[0].Line[0].Function.Name] += s.Value[i]
			}
		}
	}
	return a
}

// Any query is answered the same before roll-ups are made, after some of them, after
// all, after another start, and after the index was rebuilt.
func TestRollupsChangeNoAnswer(t *testing.T) {
	for seed := range testkit.Heavy(max(4/raceFactor, 1), 1) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			h := &history{rand.New(rand.NewPCG(uint64(seed), 7)), t}
			dir := testkit.FastDir(t)
			p := newPlaceAt(t, dir)
			kinds := []collector.Kind{collector.KindCPU, collector.KindHeap, collector.KindMutex, collector.KindGoroutine, collector.KindOther}
			var requests []merge.Request
			for _, kind := range kinds {
				for range testkit.Heavy(30, 15) + h.IntN(testkit.Heavy(70, 30)) {
					p.upload(kind, h.upload(kind))
				}
				for range testkit.Heavy(8, 5) {
					requests = append(requests, h.request(kind))
				}
			}
			want := make([]answer, len(requests))
			for i, r := range requests {
				want[i] = ask(t, p.Merger, r)
			}
			same := func(when string) {
				t.Helper()
				for i, r := range requests {
					require.Equal(t, want[i], ask(t, p.Merger, r), "%s: %+v", when, r)
				}
			}
			p.restart()
			same("another start, no roll-ups")
			p.now = start().Add(25 * time.Hour) // of hours, and of the first day
			require.Positive(t, p.round().Made)
			same("some roll-ups")
			p.now = start().Add(100 * time.Hour)
			p.round()
			same("all roll-ups")
			p.restart()
			same("all roll-ups, and nothing in memory")
			require.NoError(t, p.store.Close())
			store, err := files.Open(context.WithoutCancel(t.Context()), dir, files.Options{Rebuild: true})
			require.NoError(t, err)
			p.store.Store = store
			p.restart()
			same("a rebuilt index")
			require.Greater(t, len(slices.DeleteFunc(slices.Clone(want), func(a answer) bool { return a.Code != "" })), len(want)/2)
			require.True(t, slices.ContainsFunc(want, func(a answer) bool { return len(a.Values) > 0 }))
		})
	}
}
