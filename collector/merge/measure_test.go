package merge_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/merge"
)

// made is a profile of stacks of one function each. Types are pairs of type and
// unit, and each function has a value for each.
func made(t *testing.T, types []string, stacks map[string][]int64) []byte {
	t.Helper()
	p := &profile.Profile{}
	for i := 0; i < len(types); i += 2 {
		p.SampleType = append(p.SampleType, &profile.ValueType{Type: types[i], Unit: types[i+1]})
	}
	for name, values := range stacks {
		f := &profile.Function{ID: uint64(len(p.Function) + 1), Name: name}
		l := &profile.Location{ID: f.ID, Line: []profile.Line{{Function: f, Line: 1}}}
		p.Function, p.Location = append(p.Function, f), append(p.Location, l)
		p.Sample = append(p.Sample, &profile.Sample{Location: []*profile.Location{l}, Value: values})
	}
	var b bytes.Buffer
	require.NoError(t, p.Write(&b))
	return b.Bytes()
}

var (
	cpuTypes   = []string{"samples", "count", "cpu", "nanoseconds"}
	heapTypes  = []string{"alloc_space", "bytes", "inuse_space", "bytes"}
	mutexTypes = []string{"contentions", "count", "delay", "nanoseconds"}
)

// An upload is a profile of the shop to be stored, so many minutes after the start.
type upload struct {
	minute   int
	labels   string
	duration time.Duration
	raw      []byte
}

func (p *place) upload(kind collector.Kind, all ...upload) {
	p.t.Helper()
	for _, u := range all {
		p.putLasting(kind, u.raw, start().Add(time.Duration(u.minute)*time.Minute), u.labels, u.duration)
	}
}

// value is the sum of the values of a type, and what they are.
func (p *place) value(kind collector.Kind, typ string, view merge.View) (sum int64, m merge.Measure) {
	p.t.Helper()
	f, err := p.Fold(p.t.Context(), merge.Request{Query: collector.Query{Service: "shop", Kind: kind}, View: view})
	require.NoError(p.t, err)
	column, err := f.Column(typ)
	require.NoError(p.t, err)
	return f.Totals()[column], f.Measure(column)
}

// Snapshots are not added up over time, and what was allocated since the start of a
// process is the difference of two of them.
func TestHeapsOverTime(t *testing.T) {
	raw := proftest.Real(t)["prometheus-heap"]
	one := fold(t, raw).Totals()
	p := newPlace(t)
	for n := range 60 {
		p.upload(collector.KindHeap, upload{minute: n, raw: raw})
	}
	for range 2 {
		sum, m := p.value(collector.KindHeap, "", merge.View{})
		require.Equal(t, one[3], sum, "inuse_space")
		require.Equal(t, merge.Snapshot, m.Class)
		require.Equal(t, "mean of 60 snapshots"+unnamed(60), m.Text)
		sum, m = p.value(collector.KindHeap, "", merge.View{Over: merge.Latest})
		require.Equal(t, one[3], sum)
		require.Equal(t, "latest of 60 snapshots"+unnamed(60), m.Text)
		sum, m = p.value(collector.KindHeap, "alloc_space", merge.View{})
		require.Zero(t, sum, "nothing was allocated between two that are the same")
		require.Equal(t, "total over 59m, from the first to the last profile of 1 process, 2026-05-04 00:00:00 to 00:59:00"+unnamed(60), m.Text)
		p.round()
	}
}

// Instances are added up, or averaged, whatever the number of their snapshots.
func TestInstances(t *testing.T) {
	p := newPlace(t)
	for n := range 60 {
		p.upload(collector.KindHeap, upload{minute: n, labels: "instance=pod-1", raw: made(t, heapTypes, map[string][]int64{"main.a": {0, 10 + int64(n%3)}})})
		if n%10 == 0 {
			p.upload(collector.KindHeap, upload{minute: n, labels: "instance=pod-2", raw: made(t, heapTypes, map[string][]int64{"main.a": {0, 101}})})
		}
	}
	for range 2 {
		for view, want := range map[merge.View]struct {
			sum  int64
			text string
		}{
			{}:                   {11 + 101, "mean of each of 2 instances, added up, from 66 snapshots"},
			{PerInstance: true}:  {(11 + 101) / 2, "mean of one instance, from 66 snapshots of 2 instances"},
			{Over: merge.Rate}:   {11 + 101, "mean of each of 2 instances, added up, from 66 snapshots"},
			{Over: merge.Latest}: {12 + 101, "latest of each of 2 instances, added up, from 66 snapshots"},
		} {
			sum, m := p.value(collector.KindHeap, "inuse_space", view)
			require.Equal(t, want.sum, sum, view)
			require.Equal(t, want.text, m.Text, view)
		}
		p.round()
	}
}

// Flows are a total, or a rate over the time that they cover.
func TestRates(t *testing.T) {
	p := newPlace(t)
	for n := range 6 {
		p.upload(collector.KindCPU, upload{
			minute: n, labels: fmt.Sprintf("instance=pod-%d", n%2), duration: 10 * time.Second,
			raw: made(t, cpuTypes, map[string][]int64{"main.a": {100, 5e9}}),
		})
	}
	for view, want := range map[merge.View]struct {
		sum  int64
		text string
	}{
		{}:                                    {30e9, "total over 1m of 2 instances"},
		{PerInstance: true}:                   {15e9, "total over 1m of 2 instances, mean of one instance"},
		{Over: merge.Rate}:                    {1e9, "per second of 2 instances together, from 1m of 2 instances"},
		{Over: merge.Rate, PerInstance: true}: {5e8, "per second of one instance, from 1m of 2 instances"},
	} {
		sum, m := p.value(collector.KindCPU, "", view)
		require.Equal(t, want.sum, sum, view)
		require.Equal(t, want.text, m.Text, view)
	}
	p.upload(collector.KindCPU, upload{minute: 7, raw: made(t, cpuTypes, map[string][]int64{"main.a": {100, 9e9}})})
	sum, m := p.value(collector.KindCPU, "", merge.View{Over: merge.Rate, PerInstance: true})
	require.EqualValues(t, 5e8, sum)
	require.Equal(t, "per second of one instance, from 1m of 2 instances; 1 profile left out: no duration", m.Text)
}

// What counts from the start of a process is the difference of two of its profiles.
// It begins anew with another process.
func TestCumulative(t *testing.T) {
	p := newPlace(t)
	waits := func(n int64) []byte { return made(t, mutexTypes, map[string][]int64{"main.lock": {n, n * 1000}}) }
	p.upload(collector.KindMutex, upload{minute: 0, labels: "instance=a", raw: waits(10)})
	sum, m := p.value(collector.KindMutex, "contentions", merge.View{})
	require.EqualValues(t, 10, sum)
	require.Equal(t, "since the start of 1 process", m.Text)
	p.upload(collector.KindMutex, upload{minute: 0, labels: "instance=b", raw: waits(7)})
	sum, m = p.value(collector.KindMutex, "contentions", merge.View{})
	require.EqualValues(t, 17, sum)
	require.Equal(t, "since the start of 2 processes", m.Text)
	for minute, n := range []int64{1: 20, 2: 30, 3: 5, 4: 25} {
		if n > 0 {
			p.upload(collector.KindMutex, upload{minute: minute, labels: "instance=a", raw: waits(n)})
		}
	}
	for range 2 {
		sum, m = p.value(collector.KindMutex, "contentions", merge.View{})
		require.EqualValues(t, (30-10)+25, sum)
		require.Equal(t, "total over 4m, from the first to the last profile of 1 process, 2026-05-04 00:00:00 to 00:04:00; 1 profile left out: counted since the start of the process", m.Text)
		sum, m = p.value(collector.KindMutex, "", merge.View{Over: merge.Rate})
		require.EqualValues(t, 188, sum, "45 000 in 240 s, rounded")
		require.Contains(t, m.Text, "per second of one instance, from 4m, from the first to the last profile of 1 process, 2026-05-04 00:00:00 to 00:04:00")
		p.round()
	}
	// Deltas are told apart: they are what was added, and the others have it, too.
	p.upload(collector.KindMutex, upload{minute: 6, labels: "instance=a", duration: time.Minute, raw: waits(3)})
	sum, m = p.value(collector.KindMutex, "contentions", merge.View{})
	require.EqualValues(t, 3, sum)
	require.Equal(t, "total over 1m; 6 profiles left out: counted since the start of the process", m.Text)
}

// Units of one quantity are one column, and a profile without values of the type
// that is shown is counted. The type goes by the kind that was asked for.
func TestTypesAreReconciled(t *testing.T) {
	p := newPlace(t)
	for n, raw := range [][]byte{
		made(t, []string{"samples", "count", "cpu", "milliseconds"}, map[string][]int64{"main.a": {1, 1000}}),
		made(t, []string{"cpu", "nanoseconds", "samples", "count"}, map[string][]int64{"main.a": {1e9, 1}}),
		made(t, []string{"samples", "count"}, map[string][]int64{"main.a": {100}}),
		made(t, []string{"sample", "count", "wall", "nanoseconds"}, map[string][]int64{"main.a": {1, 7e9}}),
	} {
		p.upload(collector.KindCPU, upload{minute: n, raw: raw, duration: 10 * time.Second})
	}
	sum, m := p.value(collector.KindCPU, "", merge.View{})
	require.EqualValues(t, 2e9, sum)
	require.Equal(t, "total over 20s; 2 profiles without such values", m.Text)
	sum, m = p.value(collector.KindCPU, "samples", merge.View{})
	require.EqualValues(t, 102, sum)
	require.Equal(t, 1, m.Without)

	for n, raw := range [][]byte{
		made(t, []string{"inuse_objects", "count", "inuse_space", "bytes"}, map[string][]int64{"main.a": {3, 4096}}),
		made(t, []string{"objects", "count", "space", "bytes"}, map[string][]int64{"main.a": {3, 8192}}),
		made(t, []string{"objects", "count", "space", "kilobytes"}, map[string][]int64{"main.a": {3, 16}}),
	} {
		p.upload(collector.KindHeap, upload{minute: n, raw: raw})
	}
	sum, m = p.value(collector.KindHeap, "", merge.View{})
	require.EqualValues(t, 4096, sum, "the mean of the one that has such values")
	require.Equal(t, "one snapshot; 2 profiles without such values", m.Text)
	sum, _ = p.value(collector.KindHeap, "space", merge.View{})
	require.EqualValues(t, 12288, sum)
}

// A profile that cannot be read makes no mean smaller.
func TestMeanWithoutDamaged(t *testing.T) {
	p := newPlace(t)
	for n := range 5 {
		p.upload(collector.KindHeap, upload{minute: n, raw: made(t, heapTypes, map[string][]int64{"main.a": {0, 100}})})
	}
	p.upload(collector.KindHeap, upload{minute: 5, raw: proftest.Zip(t, proftest.Message{}.Column().Strings("inuse_space", "bytes").Sample(1, 99))})
	for range 2 {
		sum, m := p.value(collector.KindHeap, "", merge.View{})
		require.EqualValues(t, 100, sum)
		require.Equal(t, "mean of 5 snapshots; 1 profile that cannot be read"+unnamed(5), m.Text)
		p.round()
	}
}

// A profile whose file is damaged is counted, also where it was named.
func TestDamagedFile(t *testing.T) {
	for _, kind := range []collector.Kind{collector.KindCPU, collector.KindHeap} {
		p := newPlace(t)
		var ids []string
		for n := range 3 {
			raw := made(t, map[collector.Kind][]string{collector.KindCPU: cpuTypes, collector.KindHeap: heapTypes}[kind], map[string][]int64{"main.a": {0, 100}})
			ids = append(ids, p.put(kind, raw, start().Add(time.Duration(n)*time.Minute), ""))
		}
		p.store.damaged = ids[1]
		for _, r := range []merge.Request{{IDs: ids}, {Query: collector.Query{Service: "shop", Kind: kind}}} {
			f, err := p.Fold(t.Context(), r)
			require.NoError(t, err)
			require.Equal(t, []int{2, 1}, []int{f.Profiles(), f.Skipped()})
			require.Equal(t, map[collector.Kind]int64{collector.KindCPU: 200, collector.KindHeap: 100}[kind], f.Totals()[1])
			m := f.Measure(1)
			require.Contains(t, m.Text, "; 1 profile that cannot be read")
		}
		_, err := p.IDs(t.Context(), ids[1:2])
		require.Equal(t, collector.NotFound, collector.CodeOf(err))
	}
}

// A heap profile that is the difference of two has values below zero.
func TestDifferencesOfHeaps(t *testing.T) {
	raw := proftest.Real(t)["shop-heap-delta"]
	f := fold(t, raw)
	column, err := f.Column("inuse_space")
	require.NoError(t, err)
	require.Equal(t, "one difference", func() string { m := f.Measure(column); return m.Text }())
	p := newPlace(t)
	for n := range 5 {
		p.upload(collector.KindHeap, upload{minute: n, raw: raw, duration: 2 * time.Second})
	}
	for range 2 {
		sum, m := p.value(collector.KindHeap, "inuse_space", merge.View{})
		require.Equal(t, f.Totals()[column], sum)
		require.Equal(t, "mean of 5 differences"+unnamed(5), m.Text)
		p.round()
	}
}

// What a merged profile is made of stands in it.
func TestNotes(t *testing.T) {
	p := newPlace(t)
	for n := range 3 {
		p.upload(collector.KindHeap, upload{minute: n, raw: made(t, heapTypes, map[string][]int64{"main.a": {int64(n), 100}})})
	}
	f, err := p.Query(t.Context(), collector.Query{Service: "shop", Kind: collector.KindHeap})
	require.NoError(t, err)
	prof := decoded(t, f)
	require.Equal(t, []string{
		"holmes: alloc_space: total over 2m, from the first to the last profile of 1 process, 2026-05-04 00:00:00 to 00:02:00" + unnamed(3),
		"holmes: inuse_space: mean of 3 snapshots" + unnamed(3),
	}, prof.Comments)
	f.Trim(0, 1)
	require.Equal(t, `holmes: inuse_space: mean of 3 snapshots; 1 stack added up as "(other)"`+unnamed(3), decoded(t, f).Comments[1])
	again, err := merge.FoldOf(prof)
	require.NoError(t, err)
	column, err := again.Column("")
	require.NoError(t, err)
	m := again.Measure(column)
	require.Equal(t, "mean of 3 snapshots"+unnamed(3), m.Text)
	require.EqualValues(t, 100, again.Totals()[column])
	require.NoError(t, merge.Diff(f, again, merge.DiffOptions{Balance: true}))
	require.Contains(t, decoded(t, f).Comments, "holmes: inuse_space: before: mean of 3 snapshots"+unnamed(3))
}

// A comparison brings both sides to the same time and to as many instances.
func TestBalance(t *testing.T) {
	for _, tt := range []struct {
		source, base merge.Measure
		by           float64
		why          string
	}{
		{merge.Measure{Over: merge.Total, Seconds: 10}, merge.Measure{Over: merge.Total, Seconds: 20}, 0.5, "scaled by 0.5 to the same time (10s against 20s)"},
		{merge.Measure{Over: merge.Total, Seconds: 10}, merge.Measure{Over: merge.Total, Seconds: 10}, 1, ""},
		{
			merge.Measure{Over: merge.Total, Seconds: 10, PerInstance: true, Instances: 1},
			merge.Measure{Over: merge.Total, Seconds: 40, PerInstance: true, Instances: 2},
			0.5, "scaled by 0.5 to the same time (10s against 20s)",
		},
		{merge.Measure{Over: merge.Total, Profiles: 3}, merge.Measure{Over: merge.Total, Profiles: 1, Seconds: 4}, 3, "scaled by 3 to as many profiles (3 against 1)"},
		{merge.Measure{Over: merge.Mean, Profiles: 31, Instances: 1}, merge.Measure{Over: merge.Mean, Profiles: 5, Instances: 1}, 1, ""},
		{merge.Measure{Over: merge.Mean, Instances: 4}, merge.Measure{Over: merge.Mean, Instances: 1}, 4, "scaled by 4 to as many instances (4 against 1)"},
		{merge.Measure{Over: merge.Rate, Instances: 4, PerInstance: true}, merge.Measure{Over: merge.Rate, Instances: 1, PerInstance: true}, 1, ""},
		{merge.Measure{Over: merge.SinceStart, Profiles: 2}, merge.Measure{Over: merge.SinceStart, Profiles: 4}, 0.5, "scaled by 0.5 to as many profiles (2 against 4)"},
	} {
		by, why := merge.Balance(&tt.source, &tt.base)
		require.InDelta(t, tt.by, by, 1e-9)
		require.Equal(t, tt.why, why)
	}
}

// Labels of samples that no two share, as of spans, change nothing in what is drawn,
// neither before nor after a roll-up, and are dropped before any stack is.
func TestSpanLabels(t *testing.T) {
	p := newPlace(t)
	small := func(c *merge.Config) { c.Memory = 1 << 20 }
	p.restart(small)
	span := 0
	for n := range 60 {
		one, err := profile.ParseData(cpus(t)[n%4])
		require.NoError(t, err)
		for _, s := range one.Sample {
			span++
			s.Label = map[string][]string{"span_id": {fmt.Sprintf("%016x", span)}}
		}
		var b bytes.Buffer
		require.NoError(t, one.Write(&b))
		p.upload(collector.KindCPU, upload{minute: n, raw: b.Bytes()})
	}
	r := merge.Request{Query: collector.Query{Service: "shop", Kind: collector.KindCPU}}
	want := sums(decoded(t, fold(t, cpus(t)...)))
	for _, row := range want {
		for i := range row {
			row[i] *= 15
		}
	}
	for range 2 {
		f, err := p.Fold(t.Context(), r)
		require.NoError(t, err)
		require.Zero(t, f.Trimmed())
		require.False(t, f.Stripped())
		requireSums(t, want, sums(decoded(t, f)))
		r.Labels = true
		f, err = p.Fold(t.Context(), r)
		require.NoError(t, err)
		require.True(t, f.Stripped())
		require.Zero(t, f.Trimmed())
		requireSums(t, want, sums(decoded(t, f)))
		r.Labels = false
		p.round()
	}
	require.NotZero(t, p.round().Files)
}

// A profile that holds several kinds gives to a query the values of the kind that is
// asked for, also by a roll-up, and by its ID all.
func TestSeveralKinds(t *testing.T) {
	p := newPlace(t)
	types := []string{"samples", "count", "cpu", "nanoseconds", "inuse_space", "bytes"}
	ids := []string{}
	for n := range 6 {
		raw := made(t, types, map[string][]int64{"main.f": {1, 10, int64(n)}})
		ids = append(ids, p.putLasting(collector.KindCPU, raw, start().Add(time.Duration(n)*time.Minute), "", time.Second))
	}
	for _, rolled := range []bool{false, true} {
		if rolled {
			require.Equal(t, 4, p.round().Made) // hours and days of both
			p.restart()
		}
		sum, m := p.value(collector.KindCPU, "", merge.View{})
		require.EqualValues(t, 60, sum)
		require.Equal(t, "total over 6s", m.Text)
		sum, m = p.value(collector.KindHeap, "", merge.View{})
		require.EqualValues(t, 3, sum) // 2.5
		require.Equal(t, "mean of 6 snapshots"+unnamed(6), m.Text)
		for kind, columns := range map[collector.Kind]int{collector.KindCPU: 2, collector.KindHeap: 1} {
			f, err := p.Query(t.Context(), collector.Query{Service: "shop", Kind: kind})
			require.NoError(t, err)
			require.Len(t, f.Columns(), columns)
		}
	}
	f, err := p.IDs(t.Context(), ids[:1])
	require.NoError(t, err)
	require.Len(t, f.Columns(), 3)
	require.NoError(t, p.Forget([]collector.Meta{{
		Service: "shop", Kind: collector.KindCPU, CreatedAt: start(), Totals: []collector.Total{{Type: "inuse_space"}},
	}}))
	require.Equal(t, 4, p.round().Made)
}
