package detect

import (
	"fmt"
	"math"
	"time"
)

// A MemoryReading is what the memory watcher looks at, in bytes. The kernel
// kills by what it counts, the collector decides by what it knows.
type MemoryReading struct {
	At          time.Duration
	Used, Limit uint64 // the pair that the mem signal compares; limit 0 if unknown
	Room        uint64 // what can still be taken before the kernel kills

	Live    uint64 // heap found reachable by the last collection
	Objects uint64 // heap in use now, garbage included
	Goal    uint64 // heap at which the next collection starts
	Spare   uint64 // what the runtime holds and can give to the heap without asking the kernel
	Soft    uint64 // GOMEMLIMIT, counted like total; very large if not set
	Total   uint64 // all memory of the runtime without what it gave back

	Collection time.Duration // that a collection takes
}

// A MemoryForecast is a reading and where it leads to.
type MemoryForecast struct {
	MemoryReading
	Rate float64       // bytes a second, by which used grows at least
	Left time.Duration // until the room is gone at that rate; never if it does not grow
}

const (
	// Never is the time left of memory that does not grow.
	Never = time.Duration(math.MaxInt64)

	// shortly is how soon the room must be gone for a forecast: several times
	// what it takes to write a heap profile, under a quota too.
	shortly = 250 * time.Millisecond
	// cramped is the part of GOMEMLIMIT that may be live before the collector
	// runs all the time to keep under it.
	cramped = 0.95
	// minSpan is the least time between readings that a rate is taken from:
	// the kernel charges memory in batches, which look like leaps.
	minSpan = 5 * time.Millisecond
)

// A MemoryTrend turns readings into rates.
type MemoryTrend struct {
	last  MemoryReading
	known bool
	rate  float64 // between the last two readings
}

// Add takes a reading. A rate counts when two spans in a row have it, so that
// one leap is no trend; sooner is the time left by the last span alone, which
// says when to look again.
func (t *MemoryTrend) Add(m MemoryReading) (o MemoryForecast, sooner time.Duration) {
	o = MemoryForecast{MemoryReading: m, Left: Never}
	if !t.known {
		t.last, t.known = m, true
		return o, Never
	}
	span := m.At - t.last.At
	if span < minSpan {
		o.Rate, sooner = math.Max(0, t.rate), TimeLeft(m.Room, t.rate)
		return o, sooner
	}
	rate := (float64(m.Used) - float64(t.last.Used)) / span.Seconds()
	o.Rate = math.Min(rate, t.rate)
	o.Left = TimeLeft(m.Room, o.Rate)
	sooner = TimeLeft(m.Room, rate)
	t.last, t.rate = m, rate
	return o, sooner
}

// TimeLeft returns how long a room in bytes lasts at a rate in bytes a second:
// [Never] where that is more than an hour.
func TimeLeft(room uint64, rate float64) time.Duration {
	if rate <= 0 {
		return Never
	}
	seconds := float64(room) / rate
	if seconds > time.Hour.Seconds() {
		return Never
	}
	return time.Duration(seconds * float64(time.Second))
}

// Percent is the level that the mem signal shows.
func (o *MemoryForecast) Percent() float64 {
	if o.Limit == 0 {
		return 0
	}
	return float64(o.Used) / float64(o.Limit) * 100
}

// overGoal is by how much the room is too small for the heap to reach the size
// at which the next collection starts.
func (o *MemoryForecast) overGoal() uint64 {
	if o.Goal <= o.Objects+o.Spare {
		return 0
	}
	if more := o.Goal - o.Objects - o.Spare; more > o.Room {
		return more - o.Room
	}
	return 0
}

// crampedBy is the part of GOMEMLIMIT that is live heap, of what other memory
// of the runtime leaves of it.
func (o *MemoryForecast) crampedBy() float64 {
	other := o.Total - min(o.Total, o.Objects+o.Spare)
	if o.Soft >= math.MaxInt64 || o.Soft <= other {
		return 0
	}
	return float64(o.Live) / float64(o.Soft-other)
}

// Judge says whether the process is about to run out of memory. abs is the
// level in percent that is too much in any case, 0 if there is none.
func (o *MemoryForecast) Judge(abs float64) (Reason, bool) {
	level := fmt.Sprintf("memory %s", Unit{suffix: " %"}.Format(o.Percent()))
	switch {
	case o.Left < shortly:
		return Reason{Code: CodeForecast, Text: fmt.Sprintf("%s: full in %s at %.0f MiB/s",
			level, o.Left.Round(time.Millisecond), o.Rate/(1<<20))}, true
	case o.overGoal() > 0:
		return Reason{Code: CodeForecast, Text: fmt.Sprintf("%s: the heap may grow to %d MiB before the next collection, %d MiB more than there is room for",
			level, o.Goal>>20, max(o.overGoal()>>20, 1))}, true
	case o.crampedBy() > cramped:
		return Reason{Code: CodeForecast, Text: fmt.Sprintf("%s: live heap of %d MiB fills GOMEMLIMIT of %d MiB, the collector cannot keep under it",
			level, o.Live>>20, o.Soft>>20)}, true
	case abs > 0 && o.Percent() > abs:
		return Reason{Code: CodeAbs, Rule: Threshold{Abs: abs}}, true
	}
	return Reason{}, false
}
