package flame_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/flame"
)

// sampled is a profile of main.main, which calls main.outer, into which
// main.inner was inlined, and an address without a symbol.
func sampled(values ...int64) *profile.Profile {
	mapping := &profile.Mapping{ID: 1, File: "/bin/shop"}
	functions := []*profile.Function{
		{ID: 1, Name: "main.main", Filename: "/src/main.go"},
		{ID: 2, Name: "main.outer", Filename: "/src/main.go"},
		{ID: 3, Name: "main.inner", Filename: "/src/main.go"},
	}
	locations := []*profile.Location{
		{ID: 1, Line: []profile.Line{{Function: functions[0]}}},
		{ID: 2, Line: []profile.Line{{Function: functions[2]}, {Function: functions[1]}}},
		{ID: 3, Address: 0xabc, Mapping: mapping},
		{ID: 4, Address: 0xdef, Line: []profile.Line{{}}},
	}
	return &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		Mapping:    []*profile.Mapping{mapping}, Function: functions, Location: locations,
		Sample: []*profile.Sample{
			{Location: []*profile.Location{locations[2], locations[1], locations[0]}, Value: []int64{1, values[0]}},
			{Location: []*profile.Location{locations[3], locations[0]}, Value: []int64{1, values[1]}},
		},
	}
}

func collect(stacks func(func(flame.Stack) bool)) (out []string, values []flame.Stack) {
	for s := range stacks {
		text := ""
		for _, f := range s.Frames {
			text += f.Function + ";"
		}
		out = append(out, text)
		values = append(values, flame.Stack{Value: s.Value, Base: s.Base})
	}
	return out, values
}

func TestStacks(t *testing.T) {
	names, values := collect(flame.Stacks(sampled(5, 7), 1))
	require.Equal(t, []string{"main.main;main.outer;main.inner;0xabc in /bin/shop;", "main.main;0xdef;"}, names)
	require.Equal(t, []flame.Stack{{Value: 5}, {Value: 7}}, values)

	names, _ = collect(flame.Stacks(sampled(0, 7), 1))
	require.Len(t, names, 1)
	names, _ = collect(flame.Stacks(sampled(5, 7), 9))
	require.Empty(t, names)
	for range flame.Difference(sampled(5, 7), sampled(5, 7), 1, 1, 1) {
		break // is not called again, or the test would panic
	}
}

func TestDifference(t *testing.T) {
	_, values := collect(flame.Difference(sampled(5, 7), sampled(3, 1), 1, 1, 0.5))
	require.Equal(t, []flame.Stack{{Value: 5}, {Value: 7}, {Base: 2}, {Base: 1}}, values)
	for _, scale := range []float64{math.Inf(1), math.NaN(), 1e300, -1e300} {
		for s := range flame.Difference(sampled(0, 0), sampled(math.MaxInt64, math.MinInt64), 1, 1, scale) {
			require.LessOrEqual(t, max(s.Base, -s.Base), int64(math.MaxInt64/2+1))
		}
	}
}

func TestIndex(t *testing.T) {
	p := sampled(1, 1)
	for name, want := range map[string]int{"": 1, "cpu": 1, "samples": 0} {
		i, err := flame.Index(p, name)
		require.NoError(t, err)
		require.Equal(t, want, i)
	}
	p.DefaultSampleType = "samples"
	i, err := flame.Index(p, "")
	require.NoError(t, err)
	require.Zero(t, i)
	p.DefaultSampleType = "nothing"
	i, err = flame.Index(p, "")
	require.NoError(t, err)
	require.Equal(t, 1, i)
	_, err = flame.Index(p, "fish")
	require.ErrorContains(t, err, `"fish" is none of ["samples" "cpu"]`)
	_, err = flame.Index(&profile.Profile{}, "")
	require.ErrorContains(t, err, "no values")
}

func TestTop(t *testing.T) {
	stacks := slices.Values([]flame.Stack{
		stack("main.a;main.b;main.a", 10, 1), stack("main.a", 5, 50), stack("main.a;main.b", -3, 0),
	})
	plain := flame.Top(stacks, flame.Options{})
	require.Equal(t, &flame.Table{Total: 12, TotalBase: 51, Rows: []flame.Row{
		{Function: "main.a", Origin: flame.Own, Flat: 15, Cum: 12, FlatBase: 51, CumBase: 51}, // a call in a call counts once
		{Function: "main.b", Origin: flame.Own, Flat: -3, Cum: 7, CumBase: 1},
	}}, plain)
	diff := flame.Top(slices.Values([]flame.Stack{stack("main.a", 100, 101), stack("main.b", 1, 9), stack("main.c", 1, 9)}), flame.Options{Diff: true})
	require.Equal(t, "main.b", diff.Rows[0].Function)
	require.Equal(t, "main.c", diff.Rows[1].Function)
}
