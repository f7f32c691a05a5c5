package peers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/bench/internal/peers"
)

func flat(v float64, n int) (values []float64) {
	for range n {
		values = append(values, v)
	}
	return values
}

// The table of mosn/holmes's rule: what it makes of the eleventh reading after
// ten of 20.
func TestMosn(t *testing.T) {
	for name, c := range map[string]struct {
		value float64
		fires bool
	}{
		"below min":       {9.9, false},
		"at the bound":    {25, true},
		"under the bound": {24, false},
	} {
		got := peers.Mosn{Min: 10, Diff: 25, Abs: 70, CoolDown: time.Minute}.Captures(append(flat(20, 10), c.value), time.Second)
		require.Equal(t, c.fires, len(got) == 1, "%s: %v", name, got)
	}
}

// Abs fires above itself, whatever the mean.
func TestMosnAbs(t *testing.T) {
	m := peers.Mosn{Min: 10, Diff: 25, Abs: 70, CoolDown: time.Minute}
	require.Equal(t, []int{10}, m.Captures(append(flat(60, 10), 71), time.Second))
	require.Empty(t, m.Captures(append(flat(60, 10), 70.9), time.Second))
}

// Nothing is judged before ten readings, and nothing within the cool-down; a
// flat line of small values fires, since the integers are cut off.
func TestMosnWarmsUpAndCools(t *testing.T) {
	m := peers.Mosn{Min: 1, Diff: 25, Abs: 70, CoolDown: 20 * time.Second}
	require.Equal(t, []int{9, 29}, m.Captures(flat(3, 40), time.Second))
	m.Every = 5
	require.Equal(t, []int{49}, m.Captures(flat(3, 54), time.Second))
}

func TestAutopprof(t *testing.T) {
	a := peers.Autopprof{Threshold: 75}
	require.Equal(t, []int{2, 14}, a.Captures(append([]float64{80, 10}, flat(75, 20)...), time.Second)[1:])
}
