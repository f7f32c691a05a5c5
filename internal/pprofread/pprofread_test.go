package pprofread_test

import (
	"bytes"
	"runtime/pprof"
	"slices"
	"testing"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/internal/pprofread"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func types(names ...string) *profile.Profile {
	p := new(profile.Profile)
	for _, n := range names {
		p.SampleType = append(p.SampleType, &profile.ValueType{Type: n, Unit: n + "-unit"})
	}
	return p
}

func TestColumnOf(t *testing.T) {
	heap := types("alloc_objects", "alloc_space", "inuse_objects", "inuse_space")
	allocs := types("alloc_objects", "alloc_space", "inuse_objects", "inuse_space")
	allocs.DefaultSampleType = "alloc_space"
	for _, tt := range []struct {
		name  string
		p     *profile.Profile
		kind  string
		typ   string // "" is no column
		count string
	}{
		{"cpu counts time, not samples", types("samples", "cpu"), "cpu", "cpu", "samples"},
		{"heap is what is in use", heap, "heap", "inuse_space", "inuse_objects"},
		{"goroutines count themselves", types("goroutine"), "goroutine", "goroutine", "goroutine"},
		{"contention is its delay", types("contentions", "delay"), "mutex", "delay", "contentions"},
		{"unknown kind: the profile's default", allocs, "", "alloc_space", ""},
		{"unknown kind, no default: the last", types("a", "b"), "custom", "b", ""},
		{"known kind, other profile", types("goroutine"), "cpu", "", ""},
		{"no columns", types(), "", "", ""},
		{"nil column", &profile.Profile{SampleType: []*profile.ValueType{nil}}, "", "", ""},
		{"nil profile", nil, "cpu", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, ok := pprofread.ColumnOf(tt.p, tt.kind)
			require.Equal(t, tt.typ != "", ok)
			require.Equal(t, tt.typ, c.Type)
			require.Equal(t, tt.count, c.CountType)
		})
	}
}

func TestKindOfWhatTheRuntimeWrites(t *testing.T) {
	for _, kind := range []string{"heap", "goroutine", "threadcreate", "mutex"} {
		var buf bytes.Buffer
		require.NoError(t, pprof.Lookup(kind).WriteTo(&buf, 0))
		p, err := profile.Parse(&buf)
		require.NoError(t, err)
		require.Equal(t, kind, pprofread.KindOf(p))
	}
	require.Empty(t, pprofread.KindOf(nil))
	require.Empty(t, pprofread.KindOf(types("custom")))
}

func TestColumnReadsBrokenSamplesAsNothing(t *testing.T) {
	c, ok := pprofread.ColumnOf(types("samples", "cpu"), "cpu")
	require.True(t, ok)
	require.EqualValues(t, 7, c.Value(&profile.Sample{Value: []int64{3, 7}}))
	require.EqualValues(t, 3, c.Count(&profile.Sample{Value: []int64{3, 7}}))
	require.Zero(t, c.Value(nil))
	require.Zero(t, c.Value(&profile.Sample{Value: []int64{3}}))
	require.Zero(t, c.Value(&profile.Sample{Value: []int64{3, -7}}))
}

func TestFrames(t *testing.T) {
	inlined := &profile.Function{Name: "main.inlined", Filename: "/a.go"}
	caller := &profile.Function{Name: "main.caller", Filename: "/a.go"}
	s := &profile.Sample{Location: []*profile.Location{
		nil,
		{},
		{Line: []profile.Line{{Function: inlined, Line: 3}, {Function: caller, Line: 9}}},
		{Line: []profile.Line{{Line: 1}}},
	}}
	require.Equal(t, []pprofread.Frame{
		{Function: "main.inlined", File: "/a.go", Line: 3},
		{Function: "main.caller", File: "/a.go", Line: 9},
		{Line: 1},
	}, slices.Collect(pprofread.Frames(s)))
	require.Empty(t, slices.Collect(pprofread.Frames(nil)))
	for range pprofread.Frames(s) {
		break // stops the walk
	}
}
