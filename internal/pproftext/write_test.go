package pproftext_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/internal/pprofread"
	"github.com/go-holmes/holmes/internal/pproftext"
	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/go-holmes/holmes/internal/testkit"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// builder makes profiles of readable stacks: "leaf < caller < root", and google's
// encoder writes them.
type builder struct {
	profile.Profile
	locations map[string]*profile.Location
}

func build(types ...string) *builder {
	b := &builder{locations: map[string]*profile.Location{}}
	for _, t := range types {
		name, unit, _ := strings.Cut(t, "/")
		b.SampleType = append(b.SampleType, &profile.ValueType{Type: name, Unit: unit})
	}
	return b
}

func (b *builder) add(stack string, values ...int64) *builder {
	s := &profile.Sample{Value: values}
	for name := range strings.SplitSeq(stack, " < ") {
		loc := b.locations[name]
		if loc == nil {
			id := uint64(len(b.locations) + 1)
			fn := &profile.Function{ID: id, Name: name, Filename: "/src/app.go"}
			loc = &profile.Location{ID: id, Line: []profile.Line{{Function: fn, Line: int64(id)}}}
			b.locations[name] = loc
			b.Function, b.Location = append(b.Function, fn), append(b.Location, loc)
		}
		s.Location = append(s.Location, loc)
	}
	b.Sample = append(b.Sample, s)
	return b
}

func (b *builder) parse(t *testing.T) *pprofread.Profile {
	t.Helper()
	var buf bytes.Buffer
	require.NoError(t, b.Write(&buf))
	p := testkit.Must(pprofread.Parse(buf.Bytes()))(t)
	return p
}

func render(t *testing.T, p *pprofread.Profile, top int) string {
	t.Helper()
	var buf bytes.Buffer
	require.NoError(t, pproftext.Write(&buf, p, top))
	return buf.String()
}

func TestWriteGoldens(t *testing.T) {
	cpu := build("samples/count", "cpu/nanoseconds").
		add("main.small < main.main", 1, 10_000_000).
		add("main.big < main.main", 99, 990_000_000)
	cpu.DurationNanos = int64(5 * time.Second)
	cpu.TimeNanos = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano()
	for name, p := range map[string]*builder{
		"cpu": cpu,
		"heap": build("alloc_objects/count", "alloc_space/bytes", "inuse_objects/count", "inuse_space/bytes").
			add("main.freed < main.main", 1000, 1<<30, 0, 0).
			add("main.kept < main.main", 10, 10<<20, 8, 8<<20).
			add("main.tiny < main.main", 1, 100, 1, 100),
		"goroutine": build("goroutine/count").
			add("runtime.gopark < main.one", 1).
			add("runtime.gopark < main.many", 3000).
			add("runtime.gopark < main.many", 3000), // the same stack under another label
		"empty": build("goroutine/count"),
	} {
		t.Run(name, func(t *testing.T) {
			got := render(t, p.parse(t), 0)
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want := testkit.Must(os.ReadFile(golden))(t)
			require.Equal(t, string(want), got)
		})
	}
}

// mosn/holmes kept the ten smallest
// records of a heap in its text form, because it sorted upwards.
func TestTextKeepsTheLargestRecords(t *testing.T) {
	b := build("inuse_objects/count", "inuse_space/bytes")
	for i := range 40 {
		size := int64((i*7)%40 + 1) // neither order of arrival is by size
		b.add(fmt.Sprintf("main.size%d", size), 1, size<<20)
	}
	var got []string
	for line := range strings.Lines(render(t, b.parse(t), 10)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "main.size"); ok {
			got = append(got, strings.Fields(name)[0])
		}
	}
	require.Equal(t, strings.Fields("40 39 38 37 36 35 34 33 32 31"), got)
}

func TestWriteRealProfiles(t *testing.T) {
	for name, raw := range proftest.All(t) {
		p := testkit.Must(pprofread.Parse(raw))(t)
		require.Contains(t, render(t, p, 3), "largest first", name)
	}
}

func TestWriteOddProfiles(t *testing.T) {
	require.Equal(t, "profile without values\n", render(t, nil, 0))
	require.Equal(t, "profile without values\n", render(t, new(pprofread.Profile), 0))
	odd := build("cpu/nanoseconds").add("main.a", -5).add("main.b", 1<<62).add("main.b", 1<<62).add("main.b", 1<<62)
	unnamed := &profile.Location{ID: 77, Line: []profile.Line{{}}}
	odd.Location = append(odd.Location, unnamed)
	odd.Sample = append(odd.Sample, &profile.Sample{},
		&profile.Sample{Value: []int64{9}, Location: []*profile.Location{{ID: 78}, unnamed}})
	got := render(t, odd.parse(t), 0)
	require.NotContains(t, got, "main.a")
	require.Contains(t, got, "13835058055s  100.0 %")
	require.Contains(t, got, "    ?\n    ?\n", "a location that is missing, and one without symbols")
}

func TestWriteReturnsTheErrorOfTheWriter(t *testing.T) {
	err := pproftext.Write(brokenWriter{}, build("goroutine/count").add("main.a", 1).parse(t), 0)
	require.ErrorIs(t, err, errBroken)
	require.ErrorContains(t, err, "holmes: ")
}

var errBroken = errors.New("broken")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }
