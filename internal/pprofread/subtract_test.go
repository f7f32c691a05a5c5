package pprofread_test

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/pprofread"
	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/go-holmes/holmes/internal/testkit"
)

// A grid is a profile of contentions: what is counted at each stack.
type grid struct{ *profile.Profile }

func newGrid() grid {
	return grid{&profile.Profile{
		SampleType: []*profile.ValueType{{Type: "contentions", Unit: "count"}, {Type: "delay", Unit: "nanoseconds"}},
		PeriodType: &profile.ValueType{Type: "contentions", Unit: "count"}, Period: 1,
		TimeNanos: 12345, Comments: []string{"kept"},
	}}
}

// add adds a sample. Each location is a list of functions, those before the
// last one inlined.
func (g grid) add(count, delay int64, locations ...[]string) grid {
	s := &profile.Sample{Value: []int64{count, delay}}
	for _, names := range locations {
		l := &profile.Location{ID: uint64(len(g.Location) + 1), Address: uint64(len(g.Location) + 100)}
		for _, name := range names {
			f := &profile.Function{ID: uint64(len(g.Function) + 1), Name: name, Filename: "/" + name}
			g.Function = append(g.Function, f)
			l.Line = append(l.Line, profile.Line{Function: f, Line: 7})
		}
		g.Location = append(g.Location, l)
		s.Location = append(s.Location, l)
	}
	g.Sample = append(g.Sample, s)
	return g
}

// counts are the values of a profile by stack, as google's decoder reads it.
func counts(t *testing.T, raw []byte) map[string][2]int64 {
	t.Helper()
	p := testkit.Must(profile.ParseData(raw))(t)
	require.NoError(t, p.CheckValid())
	out := map[string][2]int64{}
	for _, s := range p.Sample {
		stack := ""
		for _, l := range s.Location {
			for _, line := range l.Line {
				stack += fmt.Sprintf("%s:%d ", line.Function.Name, line.Line)
			}
		}
		sum := out[stack]
		out[stack] = [2]int64{sum[0] + s.Value[0], sum[1] + s.Value[1]}
	}
	return out
}

func TestSubtract(t *testing.T) {
	at := time.Unix(1_700_000_000, 5)
	one := func(names ...string) []string { return names }
	for name, c := range map[string]struct {
		before, after grid
		want          map[string][2]int64
	}{
		"grown, new and as it was": {
			newGrid().add(2, 20, one("a"), one("m")).add(5, 50, one("b")),
			newGrid().add(9, 70, one("c")).add(3, 90, one("a"), one("m")).add(5, 50, one("b")),
			map[string][2]int64{"c:7 ": {9, 70}, "a:7 m:7 ": {1, 70}},
		},
		"nothing before":  {newGrid(), newGrid().add(3, 4, one("a")), map[string][2]int64{"a:7 ": {3, 4}}},
		"nothing new":     {newGrid().add(3, 4, one("a")), newGrid().add(3, 4, one("a")), map[string][2]int64{}},
		"only one column": {newGrid().add(3, 4, one("a")), newGrid().add(3, 9, one("a")), map[string][2]int64{"a:7 ": {0, 5}}},
		"what shrank is nothing": {
			newGrid().add(9, 9, one("a")), newGrid().add(3, 4, one("a")).add(1, 1, one("b")), map[string][2]int64{"b:7 ": {1, 1}},
		},
		"one stack in several samples": {
			newGrid().add(2, 2, one("a")).add(2, 2, one("a")),
			newGrid().add(1, 1, one("a")).add(1, 1, one("a")).add(4, 5, one("a")),
			map[string][2]int64{"a:7 ": {2, 3}},
		},
		"one stack cut in another way": {
			newGrid().add(2, 2, one("a", "b"), one("c")), newGrid().add(3, 3, one("a"), one("b", "c")), map[string][2]int64{"a:7 b:7 c:7 ": {1, 1}},
		},
		"the same leaf, another caller": {
			newGrid().add(2, 2, one("a"), one("x")), newGrid().add(2, 2, one("a"), one("x")).add(2, 2, one("a"), one("y")),
			map[string][2]int64{"a:7 y:7 ": {2, 2}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			diff, stacks, err := pprofread.Subtract(plain(t, c.after.Profile), plain(t, c.before.Profile), at, 15*time.Second)
			require.NoError(t, err)
			require.Equal(t, c.want, counts(t, diff))
			require.GreaterOrEqual(t, stacks, len(c.want))
			require.Equal(t, len(c.want) == 0, stacks == 0)
			p := testkit.Must(profile.ParseData(diff))(t)
			require.Equal(t, at.UnixNano(), p.TimeNanos)
			require.EqualValues(t, 15*time.Second, p.DurationNanos)
			require.Equal(t, c.after.Comments, p.Comments, "the rest is as it was")
			require.EqualValues(t, 1, p.Period)
		})
	}
}

func TestSubtractRefuses(t *testing.T) {
	good := plain(t, newGrid().add(1, 1, []string{"a"}).Profile)
	other := plain(t, types("goroutine"))
	for name, c := range map[string]struct{ after, before []byte }{
		"a later one that is cut off":    {good[:len(good)-3], good},
		"an earlier one that is cut off": {good, good[:len(good)-3]},
		"another kind":                   {good, other},
		"nothing":                        {nil, good},
	} {
		t.Run(name, func(t *testing.T) {
			diff, _, err := pprofread.Subtract(c.after, c.before, time.Now(), time.Second)
			require.Error(t, err)
			require.Nil(t, diff)
		})
	}
}

// The runtime's own: what was counted between two profiles, and nothing of
// what was before.
func TestSubtractRealProfiles(t *testing.T) {
	defer runtime.SetMutexProfileFraction(runtime.SetMutexProfileFraction(1))
	take := func() []byte {
		var out bytes.Buffer
		require.NoError(t, pprof.Lookup("mutex").WriteTo(&out, 0))
		return out.Bytes()
	}
	proftest.Contend()
	before := take()
	proftest.Contend() // from another line
	after := take()
	diff, stacks, err := pprofread.Subtract(after, before, time.Now(), time.Second)
	require.NoError(t, err)
	require.Positive(t, stacks)
	want := counts(t, after)
	for stack, was := range counts(t, before) {
		now := want[stack]
		want[stack] = [2]int64{now[0] - was[0], now[1] - was[1]}
		if now == was {
			delete(want, stack)
		}
	}
	require.Equal(t, want, counts(t, diff))
}

func FuzzSubtract(f *testing.F) {
	a := plain(f, newGrid().add(2, 20, []string{"a"}, []string{"m"}).add(5, 50, []string{"b"}).Profile)
	b := plain(f, newGrid().add(3, 90, []string{"a"}, []string{"m"}).Profile)
	f.Add(a, b)
	f.Add(b, a)
	f.Add(a, []byte{})
	f.Fuzz(func(t *testing.T, after, before []byte) {
		if len(after)+len(before) > 1<<11 {
			t.Skip("size is tested elsewhere")
		}
		diff, stacks, err := pprofread.Subtract(after, before, time.Unix(1, 0), time.Second)
		if err != nil {
			return
		}
		now, got := parse(t, after), parse(t, diff)
		require.Equal(t, now.SampleTypes, got.SampleTypes)
		require.Equal(t, stacks, got.Len())
	})
}
