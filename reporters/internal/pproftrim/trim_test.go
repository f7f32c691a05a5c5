package pproftrim_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/go-holmes/holmes/reporters/internal/pproftrim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// heap returns a heap profile with n samples, of which the i-th holds i bytes
// and allocated as many objects as a random order says.
func heap(n int) *profile.Profile {
	p := &profile.Profile{
		SampleType: []*profile.ValueType{
			{Type: "alloc_objects", Unit: "count"},
			{Type: "alloc_space", Unit: "bytes"},
			{Type: "inuse_objects", Unit: "count"},
			{Type: "inuse_space", Unit: "bytes"},
		},
		PeriodType:        &profile.ValueType{Type: "space", Unit: "bytes"},
		Period:            524288,
		DefaultSampleType: "inuse_space",
		TimeNanos:         time.Date(2026, 5, 4, 3, 2, 1, 5, time.UTC).UnixNano(),
		DurationNanos:     int64(15 * time.Second),
		Comments:          []string{"a comment"},
		DropFrames:        "drop.*",
		KeepFrames:        "keep.*",
		Mapping:           []*profile.Mapping{{ID: 1, Start: 0x400000, Limit: 0x800000, File: "/bin/shop", BuildID: "abc", HasFunctions: true}},
	}
	random := rand.New(rand.NewPCG(1, 2))
	order := random.Perm(n)
	function := func(name string) *profile.Location {
		f := &profile.Function{ID: uint64(len(p.Function) + 1), Name: name, SystemName: name, Filename: name + ".go"}
		p.Function = append(p.Function, f)
		l := &profile.Location{ID: uint64(len(p.Location) + 1), Mapping: p.Mapping[0], Address: uint64(0x400000 + len(p.Location)), Line: []profile.Line{{Function: f, Line: 7}}}
		p.Location = append(p.Location, l)
		return l
	}
	root := function("main.main")
	for i := range n {
		p.Sample = append(p.Sample, &profile.Sample{
			Location: []*profile.Location{function(fmt.Sprintf("main.f%d", i)), function(fmt.Sprintf("main.caller%d", i/10)), root},
			Value:    []int64{int64(order[i]), int64(order[i]) * 100, 1, int64(i)},
			Label:    map[string][]string{"request": {fmt.Sprintf("r%d", i)}},
			NumLabel: map[string][]int64{"bytes": {int64(i)}},
			NumUnit:  map[string][]string{"bytes": {"bytes"}},
		})
	}
	return p
}

func encode(t testing.TB, p *profile.Profile) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, p.Write(&out))
	return out.Bytes()
}

// trim is what users of the package do.
func trim(raw []byte, l pproftrim.Limits) (pproftrim.Trimmed, error) {
	size, err := pproftrim.Scan(bytes.NewReader(raw))
	if err != nil {
		return pproftrim.Trimmed{}, err
	}
	return pproftrim.Fit(bytes.NewReader(raw), size, l)
}

func fit(t testing.TB, raw []byte, l pproftrim.Limits) (*profile.Profile, pproftrim.Trimmed) {
	t.Helper()
	out, err := trim(raw, l)
	require.NoError(t, err)
	p, err := profile.ParseData(out.Profile)
	require.NoError(t, err)
	require.NoError(t, p.CheckValid())
	return p, out
}

func plain(t testing.TB, raw []byte) []byte {
	t.Helper()
	zip, err := gzip.NewReader(bytes.NewReader(raw))
	require.NoError(t, err)
	out, err := io.ReadAll(zip)
	require.NoError(t, err)
	return out
}

func totals(p *profile.Profile) []int64 {
	out := make([]int64, len(p.SampleType))
	for _, s := range p.Sample {
		for i, v := range s.Value {
			out[i] += v
		}
	}
	return out
}

// rest takes the sample "other" out.
func rest(p *profile.Profile) (others []*profile.Sample) {
	p.Sample = slices.DeleteFunc(p.Sample, func(s *profile.Sample) bool {
		is := s.Location[0].Line[0].Function.Name == "other"
		if is {
			others = append(others, s)
		}
		return is
	})
	return others
}

func TestFitsIntoSamples(t *testing.T) {
	before := heap(1000)
	p, out := fit(t, encode(t, before), pproftrim.Limits{Samples: 100})
	require.Len(t, p.Sample, 100, "as many as there may be, with the one for the rest")
	require.Equal(t, totals(before), totals(p))
	require.Equal(t, 901, out.Dropped)
	require.Len(t, rest(p), 1)
}

// The largest stay, by any column: what allocated most, and what holds most.
func TestTheSmallestGo(t *testing.T) {
	before := heap(1000)
	p, _ := fit(t, encode(t, before), pproftrim.Limits{Samples: 101})
	rest(p)
	total := totals(before)
	share := func(s *profile.Sample) (most float64) {
		for i, v := range s.Value {
			most = max(most, float64(v)/float64(total[i]))
		}
		return most
	}
	kept := map[string]bool{}
	least := 1.0
	for _, s := range p.Sample {
		kept[s.Location[0].Line[0].Function.Name] = true
		least = min(least, share(s))
	}
	require.Len(t, kept, 100)
	for _, s := range before.Sample {
		if !kept[s.Location[0].Line[0].Function.Name] {
			require.LessOrEqual(t, share(s), least)
		}
	}
	require.True(t, kept["main.f999"], "holds most")
	hungriest := slices.MaxFunc(before.Sample, func(a, b *profile.Sample) int { return int(a.Value[0] - b.Value[0]) })
	require.True(t, kept[hungriest.Location[0].Line[0].Function.Name], "allocated most")
}

func TestFitsIntoBytes(t *testing.T) {
	raw := encode(t, heap(5000))
	whole := len(plain(t, raw))
	dropped := 5001
	for _, part := range []int{10, 4, 2} {
		limit := whole / part
		p, out := fit(t, raw, pproftrim.Limits{Bytes: int64(limit)})
		size := len(plain(t, out.Profile))
		require.LessOrEqual(t, size, limit)
		require.Greater(t, size, limit*9/10, "what room there is, is used")
		require.Equal(t, totals(heap(5000)), totals(p))
		require.Less(t, out.Dropped, dropped)
		dropped = out.Dropped
	}
}

// Kept samples are unchanged: frames, lines, addresses, labels, and the profile's
// own fields.
func TestWhatIsKeptIsAsItWas(t *testing.T) {
	before := heap(300)
	p, _ := fit(t, encode(t, before), pproftrim.Limits{Samples: 30})
	rest(p)
	known := map[string]string{}
	for _, s := range before.Sample {
		known[s.Location[0].Line[0].Function.Name] = describe(s)
	}
	for _, s := range p.Sample {
		require.Equal(t, known[s.Location[0].Line[0].Function.Name], describe(s))
	}
	p.Sample, p.Location, p.Function = nil, nil, nil
	before.Sample, before.Location, before.Function = nil, nil, nil
	require.Equal(t, before.String(), p.String())
	require.Equal(t, before.DefaultSampleType, p.DefaultSampleType)
	require.Equal(t, before.DropFrames+before.KeepFrames, p.DropFrames+p.KeepFrames)
}

func describe(s *profile.Sample) string {
	var b strings.Builder
	for _, l := range s.Location {
		fmt.Fprintf(&b, "%d %s %s %s:%d\n", l.Address, l.Mapping.File, l.Line[0].Function.SystemName, l.Line[0].Function.Filename, l.Line[0].Line)
	}
	fmt.Fprint(&b, s.Value, s.Label, s.NumLabel, s.NumUnit)
	return b.String()
}

// Strings without a reference are emptied, so that they take no room.
func TestNothingIsLeftOfWhatIsDropped(t *testing.T) {
	p, out := fit(t, encode(t, heap(1000)), pproftrim.Limits{Samples: 11})
	require.LessOrEqual(t, len(p.Function), 10+10+1+1, "leaves, callers, main, other")
	require.Equal(t, 10, strings.Count(string(plain(t, out.Profile)), "main.f")/2, "each in a name and a file")
}

func TestWithinItsLimitsNothingIsCut(t *testing.T) {
	before := heap(100)
	raw := encode(t, before)
	for _, l := range []pproftrim.Limits{{}, {Samples: 100}, {Bytes: int64(len(plain(t, raw))) + 11}} {
		p, out := fit(t, raw, l)
		require.Zero(t, out.Dropped)
		require.Equal(t, before.String(), p.String())
	}
}

func TestMovesTheTime(t *testing.T) {
	before := heap(10)
	to := time.Unix(1_780_000_000, 5)
	p, _ := fit(t, encode(t, before), pproftrim.Limits{Start: to})
	require.Equal(t, to.UnixNano(), p.TimeNanos)
	before.TimeNanos = p.TimeNanos
	require.Equal(t, before.String(), p.String())
	p, _ = fit(t, encode(t, before), pproftrim.Limits{Start: to.Add(time.Second), Samples: 5})
	require.Equal(t, to.Add(time.Second).UnixNano(), p.TimeNanos)
	require.Len(t, p.Sample, 5)
}

// Profiles of runtime/pprof are trimmed.
func TestRealProfiles(t *testing.T) {
	for name, raw := range proftest.All(t) {
		before, err := profile.ParseData(raw)
		require.NoError(t, err)
		p, _ := fit(t, raw, pproftrim.Limits{Samples: 1})
		require.Equal(t, totals(before), totals(p), name)
		require.LessOrEqual(t, len(p.Sample), 1)

		size, err := pproftrim.Scan(bytes.NewReader(raw))
		require.NoError(t, err)
		require.Len(t, before.Sample, size.Samples)
		require.Equal(t, before.TimeNanos, size.Start.UnixNano())
	}
}

func TestScan(t *testing.T) {
	raw := encode(t, heap(123))
	for _, form := range [][]byte{raw, plain(t, raw)} {
		size, err := pproftrim.Scan(bytes.NewReader(form))
		require.NoError(t, err)
		require.Equal(t, pproftrim.Size{
			Bytes: int64(len(plain(t, raw))), Samples: 123, Duration: 15 * time.Second,
			Start: time.Unix(0, time.Date(2026, 5, 4, 3, 2, 1, 5, time.UTC).UnixNano()),
		}, size)
	}
	size, err := pproftrim.Scan(bytes.NewReader(nil))
	require.NoError(t, err)
	require.Zero(t, size)
}

func TestBroken(t *testing.T) {
	raw := plain(t, encode(t, heap(3)))
	for name, bad := range map[string][]byte{
		"cut":           raw[:len(raw)-3],
		"text":          []byte("no profile\n"),
		"group":         {1<<3 | 3},
		"endless":       bytes.Repeat([]byte{0xff}, 20),
		"long":          {2<<3 | 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
		"gzip of half":  encode(t, heap(3))[:50],
		"gzip by name":  {0x1f, 0x8b, 0},
		"cut in number": {9 << 3, 0x80},
	} {
		_, err := pproftrim.Scan(bytes.NewReader(bad))
		require.ErrorContains(t, err, "scan profile", name)
		_, err = pproftrim.Fit(bytes.NewReader(bad), pproftrim.Size{Bytes: int64(len(bad))}, pproftrim.Limits{Samples: 1})
		require.ErrorContains(t, err, "trim profile", name)
	}
	// Readable, and not to be cut.
	empty := []byte{2<<3 | 2, 0}
	for name, bad := range map[string][]byte{
		"a value too few":        {1<<3 | 2, 0, 2<<3 | 2, 0},
		"strings that are bits":  {6 << 3, 1},
		"no number left":         append([]byte{4<<3 | 2, 11, 1 << 3}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
		"a label that is broken": {2<<3 | 2, 3, 3<<3 | 2, 1, 0x80},
	} {
		_, err := trim(append(bad, empty...), pproftrim.Limits{Samples: 1})
		require.ErrorContains(t, err, "trim profile", name)
	}
	_, err := trim(raw, pproftrim.Limits{Bytes: 100})
	require.ErrorContains(t, err, "does not fit")
}

// A limit above the largest profile that is held in memory is refused.
func TestTooLargeToHold(t *testing.T) {
	_, err := pproftrim.Fit(bytes.NewReader(nil), pproftrim.Size{Bytes: 32<<20 + 1}, pproftrim.Limits{})
	require.ErrorContains(t, err, "32 MiB")
	_, err = pproftrim.Fit(bytes.NewReader(nil), pproftrim.Size{Bytes: 1}, pproftrim.Limits{})
	require.ErrorContains(t, err, "EOF", "another file than the one that was scanned")
}

func FuzzFit(f *testing.F) {
	for _, n := range []int{0, 1, 5} {
		raw := encode(f, heap(n))
		f.Add(raw, 2, int64(0))
		f.Add(plain(f, raw), 0, int64(300))
	}
	f.Fuzz(func(t *testing.T, raw []byte, samples int, limit int64) {
		out, err := trim(raw, pproftrim.Limits{Samples: max(samples, 0), Bytes: max(limit, 0), Start: time.Unix(1, 0)})
		if err != nil {
			return
		}
		size, err := pproftrim.Scan(bytes.NewReader(out.Profile))
		require.NoError(t, err)
		require.Equal(t, time.Unix(1, 0), size.Start)
		if limit > 0 {
			require.LessOrEqual(t, size.Bytes, limit)
		}
		if samples > 0 {
			require.LessOrEqual(t, size.Samples, samples)
		}
		before, err := profile.ParseData(raw)
		if err != nil || before.CheckValid() != nil {
			return
		}
		after, err := profile.ParseData(out.Profile)
		require.NoError(t, err)
		require.Equal(t, totals(before), totals(after))
	})
}
