package cgroup_test

import (
	"math"
	"testing"
	"testing/quick"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
)

func TestCPUPercent(t *testing.T) {
	for _, tt := range []struct {
		name          string
		used, elapsed time.Duration
		cores, want   float64
	}{
		{"half of one core", 500 * time.Millisecond, time.Second, 1, 50},
		{"all of two and a half", 2500 * time.Millisecond, time.Second, 2.5, 100},
		{"more than the quota in a burst", 3 * time.Second, time.Second, 1, 300},
		{"no time passed", time.Second, 0, 1, 0},
		{"clock went back", time.Second, -time.Second, 1, 0},
		{"counter went back", -time.Second, time.Second, 1, 0},
		{"no cores", time.Second, time.Second, 0, 0},
		{"negative cores", time.Second, time.Second, -1, 0},
		{"cores not a number", time.Second, time.Second, math.NaN(), 0},
		{"endless cores", time.Second, time.Second, math.Inf(1), 0},
		{"hardly any cores", math.MaxInt64, 1, math.SmallestNonzeroFloat64, math.MaxFloat64},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, cgroup.CPUPercent(tt.used, tt.elapsed, tt.cores))
		})
	}
}

func TestPercent(t *testing.T) {
	require.Equal(t, 50.0, cgroup.Percent(1<<29, 1<<30))
	require.Equal(t, 150.0, cgroup.Percent(3, 2))
	require.Zero(t, cgroup.Percent(1, 0))
	require.Zero(t, cgroup.Percent(0, 0))
	require.Equal(t, 100.0, cgroup.Percent(math.MaxUint64, math.MaxUint64))
}

func TestRatiosAreNumbers(t *testing.T) {
	number := func(f float64) bool { return f >= 0 && !math.IsInf(f, 0) }
	require.NoError(t, quick.Check(func(used, elapsed int64, bits uint64) bool {
		return number(cgroup.CPUPercent(time.Duration(used), time.Duration(elapsed), math.Float64frombits(bits)))
	}, nil))
	require.NoError(t, quick.Check(func(used, limit uint64) bool { return number(cgroup.Percent(used, limit)) }, nil))
}

func TestNames(t *testing.T) {
	require.Equal(t, "none v1 v2", cgroup.VersionNone.String()+" "+cgroup.V1.String()+" "+cgroup.V2.String())
	require.Empty(t, cgroup.Unseen(0).String())
	require.Equal(t, "membership,cpu-limit,ancestors",
		(cgroup.UnseenMembership | cgroup.UnseenCPULimit | cgroup.UnseenAncestors).String())
}
