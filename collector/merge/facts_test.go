package merge_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
	"github.com/go-holmes/holmes/collector/merge"
)

// putTotals stores a heap profile of the shop with totals that need not be its own.
func (p *place) putTotals(raw []byte, at time.Time, totals ...collector.Total) {
	p.t.Helper()
	d, err := p.store.Draft(p.t.Context())
	require.NoError(p.t, err)
	defer d.Discard()
	w, err := d.Add("heap.pb.gz")
	require.NoError(p.t, err)
	_, err = w.Write(raw)
	require.NoError(p.t, err)
	_, err = d.Commit(p.t.Context(), collector.Record{Profile: &collector.Meta{
		Service: "shop", Kind: collector.KindHeap, CreatedAt: at, File: "heap.pb.gz", Totals: totals,
	}})
	require.NoError(p.t, err)
}

func inuse(value int64) collector.Total {
	return collector.Total{Type: "inuse_space", Unit: "bytes", Value: value}
}

// What the intake has added up says what each profile weighs: none is read twice.
func TestProfilesAreReadOnce(t *testing.T) {
	p := newPlace(t)
	for n := range 10 {
		p.put(collector.KindHeap, made(t, []string{"inuse_space", "bytes"}, map[string][]int64{"main.f": {int64(n)}}), start().Add(time.Duration(n)*time.Minute), "")
	}
	sum, m := p.value(collector.KindHeap, "inuse_space", merge.View{})
	require.EqualValues(t, 5, sum, "4.5, rounded")
	require.Equal(t, 10, m.Profiles)
	require.Equal(t, 10, p.store.opened)
}

// Totals that are not those of the profile change no answer: of one that turns out not to
// be readable, of one that has other names, of one with other values.
func TestTotalsOfOtherProfiles(t *testing.T) {
	bad := proftest.Zip(t, proftest.Message{}.Column().Strings("inuse_space", "bytes").Sample(1, 99))
	heap := func(value int64, typ string) []byte {
		return made(t, []string{typ, "bytes"}, map[string][]int64{"main.f": {value}})
	}
	for name, put := range map[string]func(p *place, at time.Time, totals bool){
		"not readable": func(p *place, at time.Time, totals bool) {
			p.putTotals(bad, at, []collector.Total{inuse(40)}[:one(totals)]...)
		},
		"another name": func(p *place, at time.Time, totals bool) {
			p.putTotals(heap(40, "inuse\x01_space"), at, []collector.Total{inuse(40)}[:one(totals)]...)
		},
		"another value": func(p *place, at time.Time, totals bool) {
			p.putTotals(heap(40, "inuse_space"), at, []collector.Total{inuse(41)}[:one(totals)]...)
		},
	} {
		for _, over := range []merge.Over{merge.Mean, merge.Latest} {
			t.Run(fmt.Sprint(name, " ", over), func(t *testing.T) {
				var answers [2]string
				for i, totals := range []bool{false, true} {
					p := newPlace(t)
					for n := range 3 {
						value := int64(10 * (n + 1))
						p.putTotals(heap(value, "inuse_space"), start().Add(time.Duration(2*n)*time.Minute), []collector.Total{inuse(value)}[:one(totals)]...)
					}
					put(p, start().Add(3*time.Minute), totals)
					f, err := p.Fold(t.Context(), merge.Request{Query: collector.Query{Service: "shop", Kind: collector.KindHeap}, View: merge.View{Over: over}})
					require.NoError(t, err)
					answers[i] = fmt.Sprint(f.Columns(), f.Totals(), f.Profiles(), f.Skipped(), f.Measure(0))
				}
				require.Equal(t, answers[0], answers[1])
			})
		}
	}
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// A profile that comes late is added to those that only a roll-up has.
func TestLateSnapshotBesideAnOutlivingRollUp(t *testing.T) {
	now := start()
	store, err := files.Open(t.Context(), testkit.FastDir(t), files.Options{MaxAge: 50 * time.Hour, Now: func() time.Time { return now }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	p := &place{t: t, store: &counting{Store: store}, dir: testkit.FastDir(t), now: start().Add(100 * time.Hour)}
	p.restart()
	raw := made(t, []string{"inuse_space", "bytes"}, map[string][]int64{"main.f": {10}})
	for n := range 5 {
		p.put(collector.KindHeap, raw, start().Add(time.Duration(n)*time.Minute), "")
	}
	require.Equal(t, 2, p.round().Made)
	now = start().Add(60 * time.Hour)
	_, err = store.Sweep(t.Context())
	require.NoError(t, err)
	p.put(collector.KindHeap, made(t, []string{"inuse_space", "bytes"}, map[string][]int64{"main.f": {70}}), start().Add(7*time.Minute), "")
	sum, m := p.value(collector.KindHeap, "inuse_space", merge.View{})
	require.EqualValues(t, 20, sum, "the mean of 5 times 10 and of 70")
	require.Equal(t, 6, m.Profiles)
}
