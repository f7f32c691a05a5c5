package merge_test

import (
	"runtime"
	"testing"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/merge"
)

// inUse is how much more memory is in use after a call.
func inUse(f func()) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return int64(after.HeapAlloc) - int64(before.HeapAlloc)
}

// A difference is what google's tools make it, in all of its forms.
func TestDiff(t *testing.T) {
	all := proftest.Real(t)
	for _, pair := range [][2]string{{"flate-cpu", "link-cpu"}, {"json-cpu", "sort-cpu"}, {"shop-heap", "shop-heap-delta"}, {"sort-cpu", "sort-cpu"}}[:max(4/raceFactor, 1)] {
		for _, o := range []merge.DiffOptions{{}, {Normalize: true}, {Label: true}, {Normalize: true, Label: true}} {
			source, base := parse(t, all[pair[0]]), parse(t, all[pair[1]])
			if o.Label {
				base.SetLabel("pprof::base", []string{"true"})
			}
			if o.Normalize {
				// By stack, as the fold has them: what is rounded is the sum.
				var err error
				source, err = profile.Merge([]*profile.Profile{decoded(t, fold(t, all[pair[0]]))})
				require.NoError(t, err)
				require.NoError(t, source.Normalize(base))
			}
			base.Scale(-1)
			want, err := profile.Merge([]*profile.Profile{source, base})
			require.NoError(t, err)

			f, b := fold(t, all[pair[0]]), fold(t, all[pair[1]])
			before := sums(decoded(t, b))
			require.NoError(t, merge.Diff(f, b, o))
			requireSums(t, sums(want), sums(decoded(t, f)), pair, o)
			require.Equal(t, before, sums(decoded(t, b)), "the base is left alone")
			require.Equal(t, 2, f.Profiles())
		}
	}
}

// A trimmed difference keeps the totals of both sides apart.
func TestTrimmedDiff(t *testing.T) {
	all := proftest.Real(t)
	f, base := fold(t, all["json-cpu"]), fold(t, all["sort-cpu"])
	up, down := f.Totals()[1], base.Totals()[1]
	require.NoError(t, merge.Diff(f, base, merge.DiffOptions{Label: true}))
	f.Trim(10, 1)
	got := map[bool]int64{}
	for _, s := range decoded(t, f).Sample {
		got[s.DiffBaseSample()] += s.Value[1]
	}
	require.Equal(t, map[bool]int64{false: up, true: -down}, got)
}
