package measure

import (
	"math"
	"math/rand/v2"
	"runtime/metrics"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnknownMetric(t *testing.T) {
	read := func(name string) error { _, err := newGauge(metrics.KindFloat64, name).read(); return err }
	require.ErrorContains(t, read("/no/such:thing"), "does not measure /no/such:thing")
	require.ErrorContains(t, read("/gc/cycles/total:gc-cycles"), "/gc/cycles", "of another kind")
}

// delays is the runtime's histogram before and after it has gained these
// milliseconds.
func delays(t *testing.T, ms []float64) (*metrics.Float64Histogram, []uint64) {
	t.Helper()
	now := []metrics.Sample{{Name: "/sched/latencies:seconds"}}
	metrics.Read(now)
	h := now[0].Value.Float64Histogram()
	for i := range h.Counts {
		h.Counts[i] = uint64(1000 + i)
	}
	before := slices.Clone(h.Counts)
	for _, v := range ms {
		i, _ := slices.BinarySearch(h.Buckets, math.Nextafter(v/1000, math.Inf(1)))
		h.Counts[i-1]++
	}
	return h, before
}

func same(n int, v float64) []float64 { return slices.Repeat([]float64{v}, n) }

func TestP99(t *testing.T) {
	for name, c := range map[string]struct {
		ms        []float64
		low, high float64 // of the percentile, milliseconds
	}{
		"nothing":                      {nil, 0, 0},
		"one of few is no percentile":  {[]float64{80, 0.01, 0.01}, 0.009, 0.013},
		"one alone is none":            {[]float64{80}, 0, 0},
		"two of few are":               {[]float64{80, 80, 0.01}, 64, 100},
		"all alike":                    {same(1000, 5), 4, 6},
		"one in a hundred is above it": {slices.Concat(same(990, 0.01), same(10, 80)), 0.009, 0.013},
		"two in a hundred are not":     {slices.Concat(same(980, 0.01), same(20, 80)), 64, 100},
		"a clock that went back":       {same(1000, -5), 0, 0},
		"more than a day":              {same(1000, 1e12), 1e8, 1e9},
	} {
		t.Run(name, func(t *testing.T) {
			h, before := delays(t, c.ms)
			got := 1000 * p99(h, before)
			require.GreaterOrEqual(t, got, c.low)
			require.LessOrEqual(t, got, c.high)
		})
	}
}

// Held against sorting: right to within a bucket, for any mixture.
func TestP99AgainstSorting(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		ms := make([]float64, 100+r.IntN(3000))
		for i := range ms {
			ms[i] = math.Exp(r.NormFloat64()*3 - 3)
		}
		h, before := delays(t, ms)
		slices.Sort(ms)
		exact := ms[len(ms)-1-len(ms)/100]
		got := 1000 * p99(h, before)
		require.InEpsilon(t, exact, got, 0.35, "of %d", len(ms))
	}
}
