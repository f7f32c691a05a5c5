package safepprof_test

import (
	"bytes"
	"testing"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/safepprof"
)

// The totals are the sums of google's parser, of real profiles and of one whose values
// are not packed.
func TestTotals(t *testing.T) {
	checker, err := safepprof.New(safepprof.Limits{})
	require.NoError(t, err)
	all := proftest.Real(t)
	all["loose"] = []byte{
		10, 4, 8, 1, 16, 2, // a sample type
		18, 4, 16, 5, 16, 7, // a sample with two values
		10, 4, 8, 2, 16, 1,
		50, 0, 50, 1, 'a', 50, 1, 'b',
	}
	for name, raw := range all {
		p, err := profile.ParseData(raw)
		if err != nil {
			require.NotEqual(t, "loose", name)
			continue // an execution trace
		}
		want := make([]int64, len(p.SampleType))
		for _, s := range p.Sample {
			for i, v := range s.Value {
				want[i] += v
			}
		}
		deep, err := checker.Check(bytes.NewReader(raw))
		require.NoError(t, err, name)
		require.Equal(t, want, deep.Totals, name)
		shallow, err := checker.ShallowCheck(bytes.NewReader(raw))
		require.NoError(t, err, name)
		require.Equal(t, want, shallow.Totals, name)
	}
}
