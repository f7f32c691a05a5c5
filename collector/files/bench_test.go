package files_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
)

const million = 1_000_000

// fleet is the i-th profile of a month of 200 services with 50 instances each.
func fleet(i int) collector.Meta {
	r := rand.New(rand.NewPCG(uint64(i), 1))
	service := r.IntN(200)
	at := time.Duration(i)*(30*24*time.Hour/million) - time.Duration(r.IntN(3600))*time.Second // late by up to an hour
	return collector.Meta{
		Service: fmt.Sprintf("service-%03d", service), Kind: collector.Kinds()[r.IntN(5)],
		Labels: collector.Labels{
			{Key: "instance", Value: fmt.Sprintf("service-%03d-7d9f8c6b5-%05d", service, r.IntN(50))},
			{Key: "region", Value: fmt.Sprintf("eu-west-%d", r.IntN(4))},
			{Key: "version", Value: fmt.Sprintf("1.%d.0", int(at.Hours()/24/7)+1)},
		},
		CreatedAt: moment(0).Add(at), Duration: 10 * time.Second, Size: 119_000, File: "cpu.pb.gz",
		Totals: []collector.Total{
			{Type: "samples", Unit: "count", Value: int64(r.IntN(1000))},
			{Type: "cpu", Unit: "nanoseconds", Value: int64(r.IntN(1e10))},
		},
	}
}

// scattered is the same with a label that no two profiles share.
func scattered(i int) collector.Meta {
	m := fleet(i)
	m.Labels = append(m.Labels[:2:2], collector.Label{Key: "request", Value: fmt.Sprintf("%032x", i)}, m.Labels[2])
	return m
}

// BenchmarkMillion runs the usual searches over a million profiles, and reports
// the slowest hundredth of the searches and the memory.
func BenchmarkMillion(b *testing.B) {
	for name, profile := range map[string]func(int) collector.Meta{"fleet": fleet, "scattered": scattered} {
		b.Run(name, func(b *testing.B) {
			dir := b.TempDir()
			s, err := files.Open(b.Context(), dir, files.Options{}.Relaxed())
			require.NoError(b, err)
			require.NoError(b, s.Stock(million, profile))
			runtime.GC()
			before := rss(b)
			began := time.Now()
			s, err = files.Open(b.Context(), dir, files.Options{}.Relaxed())
			require.NoError(b, err)
			opened := time.Since(began)
			defer s.Close()
			info, err := os.Stat(dir + "/index.db")
			require.NoError(b, err)
			for _, kind := range searches() {
				b.Run(kind.name, func(b *testing.B) {
					search(b, s, kind.query)
				})
			}
			for name, ask := range questions() {
				b.Run(name, func(b *testing.B) { measure(b, func(r *rand.Rand) int { return ask(b, s, r) }) })
			}
			b.Logf("index %d MiB, opened in %v, resident memory grown by %d MiB, heap %d MiB",
				info.Size()>>20, opened.Round(time.Millisecond), (rss(b)-before)>>20, heap()>>20)
		})
	}
}

type searchKind struct {
	name  string
	query func(r *rand.Rand) collector.Query
}

func searches() []searchKind {
	service := func(r *rand.Rand) string { return fmt.Sprintf("service-%03d", r.IntN(200)) }
	label := func(key, format string, a ...any) collector.Label {
		return collector.Label{Key: key, Value: fmt.Sprintf(format, a...)}
	}
	return []searchKind{
		{"an hour of a service", func(r *rand.Rand) collector.Query {
			from := moment(0).Add(time.Duration(r.IntN(29*24)) * time.Hour)
			return collector.Query{Service: service(r), Kind: collector.KindCPU, From: from, To: from.Add(time.Hour)}
		}},
		{"newest of an instance", func(r *rand.Rand) collector.Query {
			name := service(r)
			return collector.Query{Service: name, Limit: 100, Labels: collector.Labels{
				label("instance", "%s-7d9f8c6b5-%05d", name, r.IntN(50)),
			}}
		}},
		{"all of an instance", func(r *rand.Rand) collector.Query {
			name := service(r)
			return collector.Query{Labels: collector.Labels{label("instance", "%s-7d9f8c6b5-%05d", name, r.IntN(50))}}
		}},
		{"two labels over all services", func(r *rand.Rand) collector.Query {
			return collector.Query{Limit: 100, Labels: collector.Labels{
				label("region", "eu-west-%d", r.IntN(4)), label("version", "1.%d.0", 1+r.IntN(4)),
			}}
		}},
		{"labels that never meet", func(r *rand.Rand) collector.Query {
			return collector.Query{Labels: collector.Labels{
				label("instance", "service-%03d-7d9f8c6b5-%05d", r.IntN(100), r.IntN(50)), label("region", "us-east-%d", r.IntN(4)),
			}, Service: fmt.Sprintf("service-%03d", 100+r.IntN(100))}
		}},
		{"newest of all", func(*rand.Rand) collector.Query { return collector.Query{Limit: 100} }},
		{"one of a kind", func(r *rand.Rand) collector.Query {
			return collector.Query{Labels: collector.Labels{label("request", "%032x", r.IntN(million))}}
		}},
	}
}

// questions are those of pages and dashboards. Each returns the size of the answer.
func questions() map[string]func(*testing.B, *files.Store, *rand.Rand) int {
	day := func(r *rand.Rand) collector.Query {
		from := moment(0).Add(time.Duration(r.IntN(29*24)) * time.Hour)
		return collector.Query{From: from, To: from.Add(24 * time.Hour)}
	}
	timeline := func(b *testing.B, s *files.Store, q collector.TimelineQuery) (n int) {
		b.Helper()
		lines, err := s.Timeline(b.Context(), q)
		require.NoError(b, err)
		for _, line := range lines {
			n += len(line.Points)
		}
		return n
	}
	return map[string]func(*testing.B, *files.Store, *rand.Rand) int{
		"values of a label": func(b *testing.B, s *files.Store, _ *rand.Rand) int {
			b.Helper()
			values, err := s.LabelValues(b.Context(), "instance", collector.Query{})
			require.NoError(b, err)
			return len(values)
		},
		"names of labels": func(b *testing.B, s *files.Store, _ *rand.Rand) int {
			b.Helper()
			names, err := s.LabelNames(b.Context(), collector.Query{})
			require.NoError(b, err)
			return len(names)
		},
		"a day of all by service": func(b *testing.B, s *files.Store, r *rand.Rand) int {
			b.Helper()
			return timeline(b, s, collector.TimelineQuery{Query: day(r), Type: "cpu", Step: 5 * time.Minute, By: collector.NameService})
		},
		"a day of a service by instance": func(b *testing.B, s *files.Store, r *rand.Rand) int {
			b.Helper()
			q := collector.TimelineQuery{Query: day(r), Type: "cpu", Step: 5 * time.Minute, By: "instance"}
			q.Service = fmt.Sprintf("service-%03d", r.IntN(200))
			return timeline(b, s, q)
		},
		"a day by an expression": func(b *testing.B, s *files.Store, r *rand.Rand) int {
			b.Helper()
			q := collector.TimelineQuery{Query: day(r), Type: "cpu", Step: 5 * time.Minute}
			m, err := collector.NewMatcher("instance", "=~", fmt.Sprintf("service-%02d.*-0000[1-4]", r.IntN(20)))
			require.NoError(b, err)
			q.Matchers = []collector.Matcher{m}
			return timeline(b, s, q)
		},
	}
}

// search runs one kind of search and reports its slowest hundredth.
func search(b *testing.B, s *files.Store, query func(*rand.Rand) collector.Query) {
	b.Helper()
	measure(b, func(r *rand.Rand) (found int) {
		for _, err := range s.Find(b.Context(), query(r)) {
			require.NoError(b, err)
			found++
		}
		return found
	})
}

// measure reports the slowest hundredth of some questions.
func measure(b *testing.B, ask func(*rand.Rand) int) {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var took []time.Duration
	found := 0
	for b.Loop() {
		began := time.Now()
		found += ask(r)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
	b.ReportMetric(float64(found)/float64(len(took)), "found/op")
}

// rss is the resident memory of the process.
func rss(b *testing.B) int64 {
	b.Helper()
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			n, err := strconv.ParseInt(f[1], 10, 64)
			require.NoError(b, err)
			return n << 10
		}
	}
	return 0
}

func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	runtime.GC()
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// BenchmarkRebuild rebuilds the index of some thousand files; one operation is one
// file.
func BenchmarkRebuild(b *testing.B) {
	dir := b.TempDir()
	s, err := files.Open(b.Context(), dir, files.Options{}.Relaxed())
	require.NoError(b, err)
	const n = 2 * files.Slots
	for i := range n {
		_, err := tryPut(b.Context(), s, i, content(i))
		require.NoError(b, err)
	}
	require.NoError(b, s.Close())
	for b.Loop() {
		s, err := files.Open(b.Context(), dir, files.Options{Rebuild: true}.Relaxed())
		require.NoError(b, err)
		require.NoError(b, s.Close())
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/n, "µs/file")
}
