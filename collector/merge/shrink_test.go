package merge_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/merge"
)

// names are the functions at the leaves, with their sum in the last column.
func names(p *profile.Profile) map[string]int64 {
	all := map[string]int64{}
	for _, s := range p.Sample {
		all[s.Location[0].Line[0].Function.Name] += s.Value[len(s.Value)-1]
	}
	return all
}

func TestTrim(t *testing.T) {
	raw := proftest.Real(t)["golangci-cpu"]
	f := fold(t, raw)
	totals, whole := f.Totals(), decoded(t, f)
	largest := slices.MaxFunc(whole.Sample, func(a, b *profile.Sample) int { return int(a.Value[1] - b.Value[1]) })
	f.Trim(100, 1)
	require.Equal(t, totals, f.Totals())
	require.Equal(t, 101, f.Len())
	require.Equal(t, len(whole.Sample)-100, f.Trimmed())
	p := decoded(t, f)
	require.Less(t, len(p.Function), len(whole.Function), "what nothing refers to is gone")
	var least, others int64 = 1 << 62, 0
	for _, s := range p.Sample {
		if s.Location[0].Line[0].Function.Name == "(other)" {
			others = s.Value[1]
			continue
		}
		least = min(least, s.Value[1])
	}
	require.Positive(t, others)
	kept := sums(p)
	for _, s := range whole.Sample {
		_, ok := kept[only(sums(&profile.Profile{Sample: []*profile.Sample{s}}))]
		if s.Value[1] > least {
			require.True(t, ok, "larger than one that was kept")
		}
	}
	_, ok := kept[only(sums(&profile.Profile{Sample: []*profile.Sample{largest}}))]
	require.True(t, ok)
	f.Trim(1000, 1)
	require.Equal(t, 101, f.Len(), "there is nothing to trim")
	f.Trim(0, 1)
	require.Equal(t, map[string]int64{"(other)": totals[1]}, names(decoded(t, f)))
}

func only(m map[string][]int64) string {
	for key := range m {
		return key
	}
	return ""
}

func TestDropLabels(t *testing.T) {
	raw := proftest.Own(t)["cpu"]
	f := fold(t, raw)
	before := decoded(t, f)
	require.True(t, slices.ContainsFunc(before.Sample, func(s *profile.Sample) bool { return s.HasLabel("request", "7") }))
	f.DropLabels()
	for _, s := range before.Sample {
		s.Label, s.NumLabel, s.NumUnit = nil, nil, nil
	}
	require.Equal(t, sums(before), sums(decoded(t, f)))
}

// distinct is a profile of n stacks that no other has, the i-th of the value i+1.
func distinct(from, n int) []byte {
	m := proftest.Message{}.Column().Strings("cpu", "nanoseconds")
	for i := range n {
		m = append(m, proftest.Message{}.Bytes(6, fmt.Append(nil, "main.f", from+i)).Function(uint64(i+1), uint64(i+3), 0).Location(uint64(i+1), uint64(i+1)).
			Sample(uint64(i+1), uint64(i+1), 1)...)
	}
	return m
}

// A fold that is full keeps what is large, and every total.
func TestBoundedMemory(t *testing.T) {
	const limit = 4 << 20
	f := merge.NewFold(limit)
	var want int64
	for i := range 200 / raceFactor {
		require.NoError(t, f.Add(distinct(i*1000, 1000)))
		want += 1000 * 1001 / 2
		require.Equal(t, []int64{want}, f.Totals())
		require.Less(t, merge.Bytes(f), int64(limit))
	}
	require.Positive(t, f.Trimmed())
	require.NoError(t, f.Add(distinct(1_000_000, 100_000))) // more than all of it takes
	want += 100_000 * 100_001 / 2
	require.Equal(t, []int64{want}, f.Totals())
	require.Less(t, merge.Bytes(f), int64(limit))
	require.NoError(t, f.Add(proftest.Message{}.Column().Strings("cpu", "nanoseconds", "main.large").Function(1, 3, 0).Location(1, 1).Sample(1<<40, 1)))
	for i := range 30 {
		require.NoError(t, f.Add(distinct(2_000_000+i*1000, 1000)))
	}
	require.EqualValues(t, 1<<40, names(decoded(t, f))["main.large"])
	require.Less(t, f.Len(), 50_000)
}

// One profile cannot take more than all may, beside the table of its parts.
func TestBoundedInOne(t *testing.T) {
	raw := distinct(0, 200_000)
	f := merge.NewFold(1 << 20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	require.NoError(t, f.Add(raw))
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(60<<20))
	require.Equal(t, []int64{200_000 * 200_001 / 2}, f.Totals())
	t.Log(after.TotalAlloc - before.TotalAlloc)
}

// The estimate is close to the memory in use.
func TestEstimate(t *testing.T) {
	for name, raw := range proftest.Real(t) {
		raw = inflate(t, raw)
		var f *merge.Fold
		got := inUse(func() {
			f = merge.NewFold(0)
			require.NoError(t, f.Add(raw))
			f.Trim(f.Len(), 0)
		})
		estimate := merge.Bytes(f)
		require.Less(t, got-int64(len(raw)), 3*estimate+256<<10, name)
		t.Log(name, estimate, got)
	}
}
