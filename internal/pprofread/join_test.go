package pprofread_test

import (
	"strings"
	"testing"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/pprofread"
	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/go-holmes/holmes/internal/testkit"
)

// cpuSlices are real CPU profiles that follow each other.
func cpuSlices(tb testing.TB, n int) (raws [][]byte) {
	tb.Helper()
	for range n {
		raws = append(raws, proftest.OwnCPU(tb))
	}
	return raws
}

// Joined profiles are what google's pprof makes of them together.
func TestJoinAgreesWithMerge(t *testing.T) {
	raws := cpuSlices(t, 3)
	joined := testkit.Must(pprofread.Join(raws...))(t)
	got := testkit.Must(profile.ParseData(joined))(t)
	require.NoError(t, got.CheckValid())

	var parts []*profile.Profile
	var took int64
	for _, raw := range raws {
		p := testkit.Must(profile.ParseData(raw))(t)
		took += p.DurationNanos
		parts = append(parts, p)
	}
	want := testkit.Must(profile.Merge(parts))(t)
	merged, err := profile.Merge([]*profile.Profile{got}) // adds up what Join leaves apart
	require.NoError(t, err)
	require.Equal(t, stacks(want), stacks(merged))
	require.NotEmpty(t, stacks(want))
	require.Equal(t, took, got.DurationNanos)
	require.Equal(t, parts[0].TimeNanos, got.TimeNanos)
	require.Equal(t, parts[0].Period, got.Period)
	require.Len(t, merged.Mapping, len(want.Mapping))

	// Our own reader agrees as well, and can read what was joined twice.
	again := testkit.Must(pprofread.Join(joined, raws[0]))(t)
	ours := testkit.Must(pprofread.Parse(again))(t)
	oracle := testkit.Must(profile.ParseData(again))(t)
	requireAgreement(t, oracle, ours)
}

// stacks are the values of a profile by stack and labels.
func stacks(p *profile.Profile) map[string][]int64 {
	all := map[string][]int64{}
	for _, s := range p.Sample {
		var key strings.Builder
		for _, l := range s.Location {
			for _, line := range l.Line {
				key.WriteString(line.Function.Name + ";")
			}
		}
		for k, v := range s.Label {
			key.WriteString(k + "=" + strings.Join(v, ","))
		}
		sum := all[key.String()]
		if sum == nil {
			sum = make([]int64, len(s.Value))
		}
		for i, v := range s.Value {
			sum[i] += v
		}
		all[key.String()] = sum
	}
	return all
}

func TestJoinOfOne(t *testing.T) {
	raw := cpuSlices(t, 1)[0]
	joined := testkit.Must(pprofread.Join(raw))(t)
	want := testkit.Must(profile.ParseData(raw))(t)
	got := testkit.Must(profile.ParseData(joined))(t)
	require.Equal(t, want.String(), got.String())
}

func TestJoinRefuses(t *testing.T) {
	whole := proftest.Own(t)
	for name, raws := range map[string][][]byte{
		"other kinds": {whole["cpu"], whole["heap"]},
		"cut off":     {whole["cpu"], whole["cpu"][:len(whole["cpu"])/2]},
		"no profile":  {[]byte("goroutine 1 [running]:")},
		"empty":       {nil},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, testkit.Err(pprofread.Join(raws...)), "holmes: profile: join part ")
		})
	}
}

// The result of joining any bytes with a real profile can be read, or Join fails.
func FuzzJoin(f *testing.F) {
	good := proftest.Real(f)["gofmt-cpu"]
	f.Add(good)
	for _, raw := range odd(f) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, err := pprofread.Parse(raw); err != nil {
			t.Skip()
		}
		joined, err := pprofread.Join(good, raw)
		if err != nil {
			return
		}
		p := testkit.Must(pprofread.Parse(joined))(t)
		first := testkit.Must(pprofread.Parse(good))(t)
		second := testkit.Must(pprofread.Parse(raw))(t)
		require.Equal(t, first.Len()+second.Len(), p.Len())
	})
}
