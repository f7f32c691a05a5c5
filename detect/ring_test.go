package detect_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/detect"
)

// The mean is over the last samples of the window, however many there were.
func TestRing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, window := range []int{1, 2, 3, 10, 120} {
		var all []float64
		for n := range 500 {
			ring := detect.NewRing(window, all...)
			want := all[max(0, n-window):]
			require.Equal(t, len(want), ring.Len())
			require.Equal(t, n >= min(window, 10), ring.Warm())
			require.Equal(t, append([]float64{}, want...), ring.Append([]float64{}))
			sum := 0.0
			for _, v := range want {
				sum += v
			}
			if n > 0 {
				require.InDelta(t, sum/float64(len(want)), ring.Mean(), 1e-9)
			}
			all = append(all, r.Float64()*100)
		}
	}
	require.Zero(t, detect.NewRing(0).Mean())
	require.Equal(t, 1, detect.NewRing(-5, 1, 2, 3).Len())
}
