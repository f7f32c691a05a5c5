package diagnose_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/internal/testkit"
)

const mixed = "example.com/shop"

// service fills a profile like that of a mid-size service: 2000 functions in
// stacks of 30 frames, with the given values.
func (b builder) service(stacks int, leaf string, values func(i int) []int64) []byte {
	for i := range 2000 {
		name := fmt.Sprintf("%s/internal/pkg%d.(*Type).Method%d", mixed, i%50, i)
		switch {
		case i%9 == 0:
			name = fmt.Sprintf("github.com/other/lib%d.(*Type).Method%d", i%7, i)
		case i%3 != 0:
			name = fmt.Sprintf("net/http/internal.(*std%d).method%d", i%50, i)
		}
		b.function(name)
	}
	top := b.function(leaf)
	for i := range stacks {
		s := &profile.Sample{Value: values(i), Location: []*profile.Location{top}}
		for j := range 30 {
			s.Location = append(s.Location, b.Location[(i*31+j*j*17)%2000])
		}
		b.Sample = append(b.Sample, s)
	}
	return b.encoded()
}

func (b builder) function(name string) *profile.Location {
	fn := &profile.Function{Name: name, Filename: "/src/x.go"}
	loc := &profile.Location{Line: []profile.Line{{Function: fn, Line: 7}}}
	b.Function, b.Location = append(b.Function, fn), append(b.Location, loc)
	return b.Location[len(b.Location)-1]
}

// A midsize is a case of a mid-size service, encoded.
type midsize struct {
	cpu, calmCPU, heap, calmHeap, earlierHeap, first, last, calm, mutex []byte
}

func newMidsize() midsize {
	ticks := func(i int) []int64 { return []int64{3 + int64(i)%5, (3 + int64(i)%5) * tick} }
	inUse := func(round int64) func(int) []int64 {
		return func(i int) []int64 {
			n := int64(i)%7 + 1
			return []int64{n * 1000 * round, n * round << 20, n, n << 10}
		}
	}
	one := func(n int64) func(int) []int64 { return func(i int) []int64 { return []int64{n + int64(i)%3} } }
	waits := func(i int) []int64 { return []int64{int64(i), int64(i) * 1e6} }
	mutexes := build("contentions/count", "delay/nanoseconds")
	return midsize{
		cpu: cpu(10*time.Second).service(2000, "runtime.memmove", ticks), calmCPU: cpu(time.Second).service(150, "runtime.memmove", ticks),
		heap: heap().service(2000, "bytes.growSlice", inUse(9)), calmHeap: heap().service(3000, "bytes.growSlice", inUse(4)),
		earlierHeap: heap().service(2000, "bytes.growSlice", inUse(3)),
		first:       goroutines().service(500, "sync.(*Mutex).Lock", one(2)), last: goroutines().service(1500, "sync.(*Mutex).Lock", one(9)),
		calm: goroutines().service(400, "runtime.gopark", one(1)), mutex: mutexes.service(500, "sync.(*Mutex).Unlock", waits),
	}
}

func (m *midsize) parse() diagnose.Case {
	read := func(raw []byte) *diagnose.Profile {
		p, err := diagnose.Parse(raw)
		if err != nil {
			panic(err)
		}
		return p
	}
	first, last := read(m.first), read(m.last)
	return diagnose.Case{
		Event:      diagnose.Snapshot{CPU: read(m.cpu), Heap: read(m.heap), Goroutine: last, Mutex: read(m.mutex)},
		Goroutines: []*diagnose.Profile{first, last}, SinceBaseline: time.Minute,
		Baseline: &diagnose.Baseline{
			Snapshot:    diagnose.Snapshot{CPU: read(m.calmCPU), Heap: read(m.calmHeap), Goroutine: read(m.calm)},
			EarlierHeap: read(m.earlierHeap), HeapSpan: time.Minute,
		},
	}
}

// BenchmarkDiagnose diagnoses one event of a mid-size service, from encoded profiles
// to the verdict.
func BenchmarkDiagnose(b *testing.B) {
	m := newMidsize()
	o := diagnose.Options{Module: mixed}
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m.parse()
		}
	})
	for _, signal := range []string{"cpu", "mem", "goroutine", "thread", "gccpu", "mutexwait", "own"} {
		b.Run(signal, func(b *testing.B) {
			c := m.parse()
			c.Signal = signal
			b.ReportAllocs()
			for b.Loop() {
				diagnose.Diagnose(c, o)
			}
		})
	}
}

// A profile may have any number of stacks.
func TestDiagnoseManyStacks(t *testing.T) {
	ticks := func(int) []int64 { return []int64{1, tick, 1, 1 << 10} }
	many := build("goroutine/count", "cpu/nanoseconds", "inuse_objects/count", "inuse_space/bytes")
	p, err := diagnose.Parse(many.service(testkit.Heavy(100_000, 20_000), "sync.(*Mutex).Lock", ticks))
	require.NoError(t, err)
	few := build("goroutine/count", "cpu/nanoseconds", "inuse_objects/count", "inuse_space/bytes")
	q, err := diagnose.Parse(few.service(1000, "sync.(*Mutex).Lock", ticks))
	require.NoError(t, err)
	all := diagnose.Snapshot{CPU: p, Heap: p, Goroutine: p, Mutex: p, Block: p, Threadcreate: p}
	calm := &diagnose.Baseline{Snapshot: diagnose.Snapshot{CPU: q, Heap: q, Goroutine: q, Mutex: q}}
	for _, signal := range []string{"cpu", "mem", "goroutine", "thread", "gccpu", "mutexwait", "own"} {
		checkVerdict(t, diagnose.Diagnose(diagnose.Case{Signal: signal, Event: all, Baseline: calm}, diagnose.Options{Module: mixed}))
	}
}
