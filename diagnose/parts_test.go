package diagnose_test

import (
	"testing"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/diagnose"
)

const mib = 1 << 20

// A share of the heap is no share of the memory, where the memory is elsewhere.
func TestMemoryOutsideTheHeap(t *testing.T) {
	calm := diagnose.MemoryParts{Used: 60 * mib, GoHeap: 40 * mib, GoStacks: 2 * mib, GoOther: 8 * mib, Shared: 10 * mib}
	grown := func(change func(m *diagnose.MemoryParts)) diagnose.MemoryParts {
		m := calm
		m.Used += 150 * mib
		change(&m)
		return m
	}
	const leak = "main.keep (main.keep.go:9)"
	for _, tt := range []struct {
		name      string
		signal    string
		calm, now diagnose.MemoryParts
		confident bool
		want      string
	}{
		{
			"another process", "mem", calm, grown(func(m *diagnose.MemoryParts) { m.Others += 144 * mib; m.GoHeap += 6 * mib }), false,
			"of 150 MiB extra memory Go's heap has 6 MiB, other processes of the group 144 MiB; most of the extra heap is allocated by main.keep (main.keep.go:9, 100 %)",
		},
		{
			"files and the kernel", "mem", calm, grown(func(m *diagnose.MemoryParts) { m.Kernel += 20 * mib; m.Shared += 110 * mib; m.GoHeap += 20 * mib }), false,
			"of 150 MiB extra memory Go's heap has 20 MiB, tmpfs files and shared memory 110 MiB, the kernel 20 MiB; most of the extra heap is allocated by main.keep (main.keep.go:9, 100 %)",
		},
		{
			"the heap shrinks", "mem", calm, grown(func(m *diagnose.MemoryParts) { m.NotGo += 160 * mib; m.GoHeap -= 10 * mib }), false,
			"of 150 MiB extra memory Go's heap has 0 MiB, memory of C or mappings 160 MiB; most of the extra heap is allocated by main.keep (main.keep.go:9, 100 %)",
		},
		{
			"half of it is the heap's", "mem", calm, grown(func(m *diagnose.MemoryParts) { m.NotGo += 75 * mib; m.GoHeap += 75 * mib }), true,
			leak + " allocated 100 % of the extra heap",
		},
		{
			"of the live heap nothing is outside", "gcheap", calm, grown(func(m *diagnose.MemoryParts) { m.NotGo += 150 * mib }), true,
			leak + " allocated 100 % of the extra heap",
		},
		{
			"not measured", "mem", calm,
			diagnose.MemoryParts{},
			true,
			leak + " allocated 100 % of the extra heap",
		},
		{
			"calm times were not measured", "mem",
			diagnose.MemoryParts{},
			diagnose.MemoryParts{Used: 900 * mib, GoHeap: 120 * mib, Shared: 600 * mib, NotGo: 160 * mib},
			false,
			"of 900 MiB in use Go's heap has 120 MiB, tmpfs files and shared memory 600 MiB, memory of C or mappings 160 MiB; most of the extra heap is allocated by main.keep (main.keep.go:9, 100 %)",
		},
		{
			"calm times have the growth, too", "mem",
			diagnose.MemoryParts{Used: 890 * mib, GoHeap: 110 * mib, NotGo: 780 * mib},
			diagnose.MemoryParts{Used: 900 * mib, GoHeap: 120 * mib, NotGo: 780 * mib},
			false,
			"of 900 MiB in use Go's heap has 120 MiB, memory of C or mappings 780 MiB; most of the extra heap is allocated by main.keep (main.keep.go:9, 100 %)",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := diagnose.Case{Signal: tt.signal, Baseline: &diagnose.Baseline{}}
			c.Baseline.Heap = heap().objects("main.cache:2", 60_000, 1<<10).parsed()
			c.Event.Heap = heap().objects("main.cache:2", 60_000, 1<<10).objects("main.keep:9", 60_000, 1<<10).parsed()
			c.Baseline.Memory, c.Event.Memory = tt.calm, tt.now
			requireVerdict(t, tt.confident, tt.want, diagnose.Diagnose(c, diagnose.Options{}))
		})
	}
}

// Goroutines are to blame for memory as far as their stacks are it.
func TestMemoryOfStacks(t *testing.T) {
	c := diagnose.Case{Signal: "mem", Baseline: &diagnose.Baseline{}}
	c.Baseline.Heap = heap().objects("main.cache", 60_000, 1<<10).parsed()
	c.Event.Heap = c.Baseline.Heap
	c.Baseline.Goroutine = calmService().parsed()
	c.Event.Goroutine = calmService().add(onSend+"main.hand:12", 20_000).parsed()
	c.Baseline.Memory = diagnose.MemoryParts{Used: 100 * mib, GoHeap: 60 * mib}
	c.Event.Memory = diagnose.MemoryParts{Used: 200 * mib, GoHeap: 70 * mib, GoStacks: 90 * mib}
	requireVerdict(t, true, "of 100 MiB extra memory Go's heap has 10 MiB, goroutine stacks 90 MiB: "+
		"main.hand (main.hand.go:12) holds 100 % of the extra goroutines, in chan send", diagnose.Diagnose(c, diagnose.Options{}))
	c.Event.Memory = diagnose.MemoryParts{Used: 200 * mib, GoHeap: 60 * mib, GoStacks: 40 * mib, NotGo: 60 * mib}
	requireVerdict(t, false, "of 100 MiB extra memory Go's heap has 0 MiB, memory of C or mappings 60 MiB, goroutine stacks 40 MiB", diagnose.Diagnose(c, diagnose.Options{}))
}

func TestMemoryPartsAsText(t *testing.T) {
	require.Empty(t, new(diagnose.MemoryParts).String())
	m := diagnose.MemoryParts{Used: 300 * mib, GoHeap: 100 * mib, Others: 20 * mib, Files: 176 * mib, GoOther: 4 * mib}
	require.Equal(t, "Go's heap 100 MiB, mapped files 176 MiB, other processes of the group 20 MiB", m.String())
}

// sampled is a heap profile of the runtime at that runtime.MemProfileRate.
func sampled(rate int64) builder {
	b := heap().objects("main.cache:2", 60_000, 1<<10)
	b.PeriodType, b.Period = &profile.ValueType{Type: "space", Unit: "bytes"}, rate
	return b
}

func TestHeapProfilingThatIsOff(t *testing.T) {
	const off = "heap profiling is off (runtime.MemProfileRate = 0)"
	c := diagnose.Case{Signal: "gcheap", Baseline: &diagnose.Baseline{}}
	c.Baseline.Heap, c.Event.Heap = sampled(0).parsed(), sampled(0).objects("main.early:9", 60_000, 1<<10).parsed()
	v := diagnose.Diagnose(c, diagnose.Options{})
	requireVerdict(t, false, "no clear culprit: "+off, v)
	require.Empty(t, v.Caveats)

	c.Signal, c.Event.Memory = "mem", diagnose.MemoryParts{Used: 200 * mib, GoHeap: 10 * mib, Shared: 180 * mib}
	requireVerdict(t, false, "of 200 MiB in use Go's heap has 10 MiB, tmpfs files and shared memory 180 MiB; "+off, diagnose.Diagnose(c, diagnose.Options{}))

	c.Signal = "gccpu" // the CPU profile names the next best
	requireVerdict(t, false, "no clear culprit: "+off, diagnose.Diagnose(c, diagnose.Options{}))
	c.Event.CPU = sampledCPU()
	v = diagnose.Diagnose(c, diagnose.Options{})
	require.Contains(t, v.Sentence, "main.serve")
	require.Equal(t, []string{off}, v.Caveats)

	c.Signal = "cpu" // which the heap is no evidence for
	require.Empty(t, diagnose.Diagnose(c, diagnose.Options{}).Caveats)
}

func sampledCPU() *diagnose.Profile { return cpu(1).ticks("main.serve:4", 50).parsed() }

func TestHeapProfilingAtAnotherRate(t *testing.T) {
	for rate, want := range map[int64][]string{
		512 << 10: nil,
		4 << 20:   {"the heap profile has one sample for each 4194304 bytes (runtime.MemProfileRate), where the default is 524288"},
		1:         {"the heap profile has one sample for each 1 bytes (runtime.MemProfileRate), where the default is 524288"},
	} {
		v := diagnose.Judge("heap", nil, sampled(rate).parsed(), diagnose.Options{})
		require.Equal(t, want, v.Caveats)
	}
}
