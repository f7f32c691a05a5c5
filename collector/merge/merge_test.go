package merge_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/merge"
	"github.com/go-holmes/holmes/collector/safepprof"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func inflate(tb testing.TB, zipped []byte) []byte {
	tb.Helper()
	zip, err := gzip.NewReader(bytes.NewReader(zipped))
	require.NoError(tb, err)
	raw, err := io.ReadAll(zip)
	require.NoError(tb, err)
	return raw
}

func parse(tb testing.TB, raw []byte) *profile.Profile {
	tb.Helper()
	p, err := profile.ParseData(raw)
	require.NoError(tb, err)
	return p
}

// sums are the values of a profile by what its stacks and labels look like
// in text: all mergers must agree on them.
func sums(p *profile.Profile) map[string][]int64 {
	all := map[string][]int64{}
	for _, s := range p.Sample {
		var key strings.Builder
		for _, l := range s.Location {
			if len(l.Line) == 0 {
				fmt.Fprintf(&key, "%x ", l.Address-l.Mapping.Start)
			}
			for _, ln := range l.Line {
				fmt.Fprintf(&key, "%s|%s|%d|%d|%d ", ln.Function.Name, ln.Function.Filename, ln.Function.StartLine, ln.Line, ln.Column)
			}
			if l.Mapping != nil {
				fmt.Fprintf(&key, "in %s %s;", l.Mapping.File, l.Mapping.BuildID)
			}
		}
		for _, k := range slices.Sorted(maps.Keys(s.Label)) {
			fmt.Fprintf(&key, "%s=%q ", k, s.Label[k])
		}
		for _, k := range slices.Sorted(maps.Keys(s.NumLabel)) {
			fmt.Fprintf(&key, "%s=%d%q ", k, s.NumLabel[k], s.NumUnit[k])
		}
		row := all[key.String()]
		if row == nil {
			row = make([]int64, len(s.Value))
			all[key.String()] = row
		}
		for i, v := range s.Value {
			row[i] += v
		}
	}
	maps.DeleteFunc(all, func(_ string, row []int64) bool {
		return !slices.ContainsFunc(row, func(v int64) bool { return v != 0 })
	})
	return all
}

// requireSums compares sums without a picture of megabytes.
func requireSums(t *testing.T, want, got map[string][]int64, why ...any) {
	t.Helper()
	for key, row := range want {
		require.Equal(t, row, got[key], "%s: %v", key, why)
	}
	require.Len(t, got, len(want), why...)
}

func fold(tb testing.TB, zipped ...[]byte) *merge.Fold {
	tb.Helper()
	f := merge.NewFold(0)
	for _, raw := range zipped {
		require.NoError(tb, f.Add(inflate(tb, raw)))
	}
	return f
}

func decoded(tb testing.TB, f *merge.Fold) *profile.Profile {
	tb.Helper()
	p, err := f.Profile()
	require.NoError(tb, err)
	return p
}

// The fold of real profiles equals the result of google's decoder and merge: one by
// one, twice the same, and all of a kind.
func TestFoldIsGooglesMerge(t *testing.T) {
	kinds := map[string][][]byte{}
	all := proftest.Real(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if len(all[name]) > largest {
			continue // the race detector takes minutes, and sees nothing new
		}
		kind := proftest.Kind(name)
		kinds[kind] = append(kinds[kind], all[name])
		requireSame(t, name, all[name])
		requireSame(t, name, all[name], all[name])
	}
	for name, raw := range proftest.Own(t) {
		requireSame(t, name, raw)
	}
	require.Greater(t, len(kinds), 3)
	for kind, all := range kinds {
		requireSame(t, kind, all...)
	}
}

func requireSame(t *testing.T, name string, zipped ...[]byte) {
	t.Helper()
	parsed := make([]*profile.Profile, len(zipped))
	for i, raw := range zipped {
		parsed[i] = parse(t, raw)
	}
	want, err := profile.Merge(parsed)
	if err != nil {
		return // of other values; TestColumns has those
	}
	f := fold(t, zipped...)
	require.Equal(t, len(zipped), f.Profiles())
	require.Zero(t, f.Trimmed())
	got := decoded(t, f)
	requireSums(t, sums(want), sums(got), name)
	require.Equal(t, want.TimeNanos, got.TimeNanos, name)
	require.Equal(t, want.DurationNanos, got.DurationNanos, name)
	require.Equal(t, want.Period, got.Period, name)
	require.Equal(t, want.PeriodType.Type, got.PeriodType.Type, name)
	require.Equal(t, want.DefaultSampleType, got.DefaultSampleType, name)
	require.Equal(t, want.Comments, got.Comments, name)
	require.Equal(t, want.DropFrames, got.DropFrames, name)
	totals := make([]int64, len(want.SampleType))
	for i, st := range want.SampleType {
		require.Equal(t, safepprof.ValueType{Type: st.Type, Unit: st.Unit}, f.Columns()[i])
	}
	for _, s := range want.Sample {
		for i, v := range s.Value {
			totals[i] += v
		}
	}
	require.Equal(t, totals, f.Totals(), name)

	// The output passes the check, and folds to the same profile.
	var b bytes.Buffer
	n, err := f.WriteTo(&b)
	require.NoError(t, err)
	require.EqualValues(t, b.Len(), n)
	c, err := safepprof.New(safepprof.Limits{})
	require.NoError(t, err)
	raw, info, err := c.Read(&b, nil)
	require.NoError(t, err, name)
	require.Equal(t, len(got.Sample), info.Samples)
	again := merge.NewFold(0)
	require.NoError(t, again.Add(raw))
	requireSums(t, sums(got), sums(decoded(t, again)), name)
}

// Profiles of other values have columns of their own, and no merge fails.
func TestColumns(t *testing.T) {
	all := proftest.Real(t)
	f := fold(t, all["shop-mutex"], all["shop-cpu"], all["shop-mutex"])
	require.Equal(t, []safepprof.ValueType{
		{Type: "contentions", Unit: "count"},
		{Type: "delay", Unit: "nanoseconds"},
		{Type: "samples", Unit: "count"},
		{Type: "cpu", Unit: "nanoseconds"},
	}, f.Columns())
	mutex, cpu := fold(t, all["shop-mutex"]).Totals(), fold(t, all["shop-cpu"]).Totals()
	require.Equal(t, []int64{2 * mutex[0], 2 * mutex[1], cpu[0], cpu[1]}, f.Totals())
	decoded(t, f)

	for name, want := range map[string]int{"": 1, "delay": 1, "samples": 2} {
		got, err := f.Column(name)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := f.Column("fish")
	require.Equal(t, collector.Invalid, collector.CodeOf(err))
	_, err = merge.NewFold(0).Column("")
	require.Equal(t, collector.NotFound, collector.CodeOf(err))
	twice := proftest.Message{}.Column().Column().Strings("cpu", "nanoseconds").Bytes(2, proftest.Message{}.Packed(2, 3, 4))
	f = merge.NewFold(0)
	require.NoError(t, f.Add(twice))
	require.NoError(t, f.Add(twice))
	require.Equal(t, []int64{6, 8}, f.Totals(), "two columns of one name stay two")
}

// The same line of two builds is one frame at any address. A location without a name
// is identified by its address within its mapping.
func TestAddresses(t *testing.T) {
	message := proftest.Message{}
	build := func(start, at uint64) []byte {
		return message.Column().Strings("cpu", "ns", "main.a", "/bin/a").Function(1, 3, 0).
			Bytes(3, message.Num(1, 7).Num(2, start).Num(3, start+0x2000).Num(5, 4)).
			Bytes(4, message.Num(1, 1).Num(2, 7).Num(3, start+at).Bytes(4, message.Num(1, 1).Num(2, 12))).
			Bytes(4, message.Num(1, 2).Num(2, 7).Num(3, start+0x123)).
			Sample(10, 1).Sample(20, 2)
	}
	f := merge.NewFold(0)
	require.NoError(t, f.Add(build(0x400000, 0x10)))
	require.NoError(t, f.Add(build(0x900000, 0x55)))
	p := decoded(t, f)
	require.Len(t, p.Sample, 2)
	require.Zero(t, p.Sample[0].Location[0].Address)
	require.Equal(t, "main.a", p.Sample[0].Location[0].Line[0].Function.Name)
	require.Equal(t, []int64{20}, p.Sample[0].Value)
	require.EqualValues(t, 0x400123, p.Sample[1].Location[0].Address)
	require.Equal(t, []int64{40}, p.Sample[1].Value)
	require.Len(t, p.Mapping, 1)
}

// Sums end where numbers end.
func TestSaturates(t *testing.T) {
	m := proftest.Message{}.Column().Strings("cpu", "ns").Bytes(2, proftest.Message{}.Num(2, math.MaxInt64-1))
	f := merge.NewFold(0)
	require.NoError(t, f.Add(m))
	require.NoError(t, f.Add(m))
	require.Equal(t, []int64{math.MaxInt64}, f.Totals())
	require.NoError(t, merge.Diff(merge.NewFold(0), f, merge.DiffOptions{}))
}

// A profile with references to nothing is refused, and the fold is as before.
func TestRefuses(t *testing.T) {
	message := proftest.Message{}
	head := message.Column().Strings("cpu", "ns")
	f := merge.NewFold(0)
	require.NoError(t, f.Add(proftest.Small()))
	before := sums(decoded(t, f))
	for want, body := range map[string][]byte{
		"location 5, which is missing":              head.Sample(1, 5),
		"function 9, which is missing":              head.Location(1, 9).Sample(1, 1),
		"mapping 3, which is missing":               head.Bytes(4, message.Num(1, 1).Num(2, 3)),
		"locations with the ID 1":                   head.Location(1).Location(1),
		"functions with the ID 0":                   head.Function(0, 1, 1),
		"mappings with the ID 18446744073709551615": head.Bytes(3, message.Num(1, 1<<64-1)).Bytes(3, message.Num(1, 1<<64-1)),
		"a sample of 2 values":                      head.Sample(1).Bytes(2, message.Packed(2, 1, 2)),
		"0 sample types":                            message.Strings("cpu"),
		"truncated":                                 head.Key(2, 2),
		"line: truncated":                           head.Bytes(4, message.Num(1, 1).Bytes(4, []byte{8})),
		"location: field of the wrong":              head.Bytes(4, message.Num(1, 1).Bytes(3, nil)),
		"function: field of the wrong":              head.Bytes(5, message.Num(1, 1).Bytes(2, nil)),
		"mapping: field of the wrong":               head.Bytes(3, message.Num(1, 1).Bytes(2, nil)),
		"label: field of the wrong":                 head.Bytes(2, message.Num(2, 1).Bytes(3, message.Bytes(1, nil))),
		"number without an end":                     head.Bytes(2, message.Bytes(1, []byte{0x80}).Num(2, 1)),
	} {
		err := f.Add(body)
		require.ErrorContains(t, err, want)
		require.Equal(t, collector.Invalid, collector.CodeOf(err))
		require.Equal(t, before, sums(decoded(t, f)))
	}
	require.Equal(t, 1, f.Profiles())
}

// A profile of any size that passes the check is folded or refused within the
// fold's memory.
func TestHostileProfiles(t *testing.T) {
	c, err := safepprof.New(safepprof.Limits{})
	require.NoError(t, err)
	for i, s := range proftest.Shapes() {
		if i%raceFactor != 0 {
			continue
		}
		raw, info, err := c.Read(bytes.NewReader(s.Of(1<<20)), nil)
		if err != nil {
			continue
		}
		f := merge.NewFold(1 << 20)
		if f.Add(raw) == nil {
			require.LessOrEqual(t, f.Len(), info.Samples+1, s.Name)
			decoded(t, f)
		}
	}
}
