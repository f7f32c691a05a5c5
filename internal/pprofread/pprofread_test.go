package pprofread_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/internal/pprofread"
	"github.com/go-holmes/holmes/internal/proftest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plain is p as google's encoder writes it.
func plain(tb testing.TB, p *profile.Profile) []byte {
	tb.Helper()
	var out bytes.Buffer
	require.NoError(tb, p.WriteUncompressed(&out))
	return out.Bytes()
}

func parse(tb testing.TB, raw []byte) *pprofread.Profile {
	tb.Helper()
	p, err := pprofread.Parse(raw)
	require.NoError(tb, err)
	return p
}

// types is a profile of columns, with one sample.
func types(names ...string) *profile.Profile {
	p := &profile.Profile{Sample: []*profile.Sample{{Value: []int64{3, 7}}}}
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
		{"column without a name", types(""), "cpu", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, ok := pprofread.ColumnOf(parse(t, plain(t, tt.p)), tt.kind)
			require.Equal(t, tt.typ != "", ok)
			require.Equal(t, tt.typ, c.Type)
			require.Equal(t, tt.count, c.CountType)
		})
	}
	_, ok := pprofread.ColumnOf(nil, "cpu")
	require.False(t, ok)
}

func TestKindOf(t *testing.T) {
	for name, raw := range proftest.All(t) {
		kind := proftest.Kind(name)
		if kind == "block" {
			kind = "mutex" // looks the same
		}
		require.Equal(t, kind, pprofread.KindOf(parse(t, raw)), name)
	}
	require.Empty(t, pprofread.KindOf(nil))
	require.Empty(t, pprofread.KindOf(parse(t, plain(t, types("custom")))))
}

func TestColumnReadsBrokenSamplesAsNothing(t *testing.T) {
	odd := types("samples", "cpu")
	odd.Sample = append(odd.Sample, &profile.Sample{Value: []int64{3}}, &profile.Sample{Value: []int64{3, -7}})
	p := parse(t, plain(t, odd))
	c, ok := pprofread.ColumnOf(p, "cpu")
	require.True(t, ok)
	samples := slices.Collect(p.Samples())
	require.EqualValues(t, 7, c.Value(samples[0]))
	require.EqualValues(t, 3, c.Count(samples[0]))
	require.Zero(t, c.Value(samples[1]), "not there")
	require.Zero(t, c.Value(samples[2]), "negative")
	require.Zero(t, c.Value(pprofread.Sample{}))
}

func TestFrames(t *testing.T) {
	inlined := &profile.Function{ID: 1, Name: "main.inlined", Filename: "/a.go"}
	caller := &profile.Function{ID: 2, Name: "main.caller", Filename: "/a.go"}
	missing := &profile.Function{ID: 77}
	locations := []*profile.Location{
		{ID: 1}, // no symbols
		{ID: 2, Line: []profile.Line{{Function: inlined, Line: 3}, {Function: caller, Line: 9}}},
		{ID: 3, Line: []profile.Line{{Line: 1}, {Function: missing, Line: 2}}},
		{ID: 99}, // missing
	}
	p := parse(t, plain(t, &profile.Profile{
		Function: []*profile.Function{inlined, caller}, Location: locations[:3],
		Sample: []*profile.Sample{{Location: locations}, {Location: locations[:2]}},
	}))
	samples := slices.Collect(p.Samples())
	require.Equal(t, []pprofread.Frame{
		{Function: "main.inlined", File: "/a.go", Line: 3},
		{Function: "main.caller", File: "/a.go", Line: 9},
		{Line: 1},
		{Line: 2},
		{},
	}, slices.Collect(samples[0].Frames()))
	require.Equal(t, samples[0].Stack()[:2], samples[1].Stack(), "the same location, the same number")
	calls := samples[0].Calls(nil)
	require.Equal(t, 2, p.Len())
	require.Equal(t, samples[1], p.Sample(1))
	require.Len(t, p.Sample(1).Calls(calls), 7, "appended")
	require.Equal(t, 3, p.Functions())
	require.Equal(t, []pprofread.Call{{1, 3}, {2, 9}, {0, 1}, {0, 2}, {}}, calls, "no name is the first one")
	name, file := p.Function(calls[1].Function)
	require.Equal(t, []string{"main.caller", "/a.go"}, []string{name, file})
	for range samples[0].Frames() {
		break // stops the walk
	}
	for range p.Samples() {
		break
	}
}

// No runtime writes a stack of more than 1024 frames.
func TestCallsAreBounded(t *testing.T) {
	fn := &profile.Function{ID: 1, Name: "main.f"}
	deep := &profile.Location{ID: 1, Line: make([]profile.Line, 1000)}
	for i := range deep.Line {
		deep.Line[i] = profile.Line{Function: fn, Line: int64(i)}
	}
	p := parse(t, plain(t, &profile.Profile{
		Function: []*profile.Function{fn}, Location: []*profile.Location{deep},
		Sample: []*profile.Sample{{Location: []*profile.Location{deep, deep, deep, deep, deep, deep}}},
	}))
	calls := p.Sample(0).Calls(nil)
	require.Len(t, calls, 4096)
	require.EqualValues(t, 95, calls[4095].Line)
}

func TestZeroValues(t *testing.T) {
	var s pprofread.Sample
	require.Empty(t, s.Values())
	require.Empty(t, s.Stack())
	require.Empty(t, slices.Collect(s.Frames()))
	for _, p := range []*pprofread.Profile{nil, {}} {
		require.Empty(t, slices.Collect(p.Samples()))
		require.Zero(t, p.Functions())
		require.Zero(t, p.Len())
	}
}
