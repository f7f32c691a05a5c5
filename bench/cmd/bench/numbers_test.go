package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
)

func TestSpread(t *testing.T) {
	require.Equal(t, "2.50 ms (1.00 to 40.0)", spread([]float64{40, 2, 3, 1}, 1, "ms"))
	require.Equal(t, "-", spread(nil, 1, "ms"))
	require.Equal(t, ", 3.00 times ours", times([]float64{3, 9, 40}, []float64{1, 3, 4}))
}

func TestDelays(t *testing.T) {
	shows := func(c outcome) time.Duration { return c.shows }
	require.Equal(t, "never in 33 s", delays([]outcome{{}}, shows))
	require.Equal(t, "2.00 s (2.00 to 2.00), in 1 of 2", delays([]outcome{{}, {shows: 2 * time.Second}}, shows))
}

// aProfile is a CPU profile of one second with one function in it.
func aProfile(t *testing.T, begin time.Time, function string) []byte {
	t.Helper()
	f := &profile.Function{ID: 1, Name: function}
	l := &profile.Location{ID: 1, Line: []profile.Line{{Function: f}}}
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		TimeNanos:  begin.UnixNano(), DurationNanos: int64(time.Second),
		Function: []*profile.Function{f}, Location: []*profile.Location{l},
		Sample: []*profile.Sample{{Location: []*profile.Location{l}, Value: []int64{1, 1e7}}},
	}
	var buf bytes.Buffer
	require.NoError(t, p.Write(&buf))
	return buf.Bytes()
}

// A truncated or empty file is no profile. A whole profile counts once, and again
// after it has changed.
func TestProfiles(t *testing.T) {
	dir, begin := t.TempDir(), time.Unix(1000, 0)
	whole := aProfile(t, begin, "main.guilty")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cpu.a"), whole, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cpu.b"), whole[:len(whole)/2], 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cpu.c"), nil, 0o600))
	known := map[string]int64{}
	all := profiles(dir, "main.guilty", known)
	require.Len(t, all, 1)
	require.Equal(t, "cpu", all[0].kind)
	require.True(t, all[0].shows)
	require.Empty(t, profiles(dir, "main.guilty", known), "it is known")
	require.Equal(t, 1, emptyFiles(dir))

	require.Equal(t, 500*time.Millisecond, covered(dir, "main.guilty", begin.Add(500*time.Millisecond), begin.Add(3*time.Second)))
	require.Zero(t, covered(dir, "main.other", begin, begin.Add(time.Second)))
}

func TestWatchTakesTheProfileThatShowsTheFault(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), aProfile(t, time.Now(), "main.other"), 0o600))
	whole, shows := watch(t.Context(), dir, "cpu", "main.guilty", time.Now().Add(50*time.Millisecond))
	require.False(t, whole.IsZero())
	require.True(t, shows.IsZero())
}
