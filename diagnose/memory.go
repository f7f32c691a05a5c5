package diagnose

import "fmt"

// memory judges by the heap in use, unless most of the memory is elsewhere.
func (a *analysis) memory() *cause {
	f := a.heap()
	if b := a.breakdown(); b.outside() {
		f.confident, f.caveats = false, nil
		f.text = b.String() + f.more()
	}
	return f
}

// heap judges by the heap in use.
func (a *analysis) heap() *cause {
	if a.unsampled() {
		return notSampled("heap")
	}
	f := a.plain(a.diff("heap", blamed))
	// With more load, memory per client and caches grow in many functions, and
	// in one of them most.
	f.confident = f.confident && f.culprits[0].Share >= minKept
	if f.confident {
		f.caveats = append(f.caveats, "a heap profile shows the function that allocated the memory, not what keeps it in use")
	}
	return f
}

// stacks judges memory by goroutines: the stack of each takes 2 KiB or more, which
// no heap profile shows.
func (a *analysis) stacks() *cause {
	const many = 500
	b := a.breakdown()
	c := a.diff("goroutine", blamed)
	if c.extra() < many || b.outside() && b.stacks < b.all/2 {
		return &cause{words: wordsOf("goroutine"), kind: "goroutine"}
	}
	f := a.goroutines()
	if b.outside() {
		f.text = b.String() + ": " + f.sentence()
	}
	return f
}

// defaultRate is the default of runtime.MemProfileRate.
const defaultRate = 512 << 10

// unsampled reports whether heap profiling was off: the profile has at most what was
// allocated before.
func (a *analysis) unsampled() bool {
	a.heapAsked = true
	p := a.Event.Heap
	return p != nil && p.PeriodType.Type == "space" && p.Period == 0
}

const unsampled = "heap profiling is off (runtime.MemProfileRate = 0)"

func notSampled(kind string) *cause {
	return &cause{words: wordsOf(kind), kind: "heap", readable: true, says: unsampled}
}

// sampling says how the heap is sampled, if that is not the default.
func (a *analysis) sampling() string {
	switch p := a.Event.Heap; {
	case p == nil || p.PeriodType.Type != "space" || p.Period == defaultRate:
		return ""
	case p.Period == 0:
		return unsampled
	default:
		return fmt.Sprintf("the heap profile has one sample for each %d bytes (runtime.MemProfileRate), where the default is %d", p.Period, defaultRate)
	}
}
