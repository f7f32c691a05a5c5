package holmes

import (
	"fmt"
	"math"
	"time"
)

// A memoryReading is what the memory watcher looks at, in bytes. The kernel
// kills by what it counts, the collector decides by what it knows.
type memoryReading struct {
	at          time.Duration
	used, limit uint64 // the pair that the mem signal compares; limit 0 if unknown
	room        uint64 // what can still be taken before the kernel kills

	live    uint64 // heap found reachable by the last collection
	objects uint64 // heap in use now, garbage included
	goal    uint64 // heap at which the next collection starts
	spare   uint64 // what the runtime holds and can give to the heap without asking the kernel
	soft    uint64 // GOMEMLIMIT, counted like total; very large if not set
	total   uint64 // all memory of the runtime without what it gave back

	collection time.Duration // that a collection takes
}

// An outlook is a reading and where it leads to.
type outlook struct {
	memoryReading
	rate float64       // bytes a second, by which used grows at least
	left time.Duration // until the room is gone at that rate; never if it does not grow
}

const (
	never = time.Duration(math.MaxInt64)

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

// A trend turns readings into rates.
type trend struct {
	last  memoryReading
	known bool
	rate  float64 // between the last two readings
}

// add takes a reading. A rate counts when two spans in a row have it, so that
// one leap is no trend; sooner is the time left by the last span alone, which
// says when to look again.
func (t *trend) add(m memoryReading) (o outlook, sooner time.Duration) {
	o = outlook{memoryReading: m, left: never}
	if !t.known {
		t.last, t.known = m, true
		return o, never
	}
	span := m.at - t.last.at
	if span < minSpan {
		o.rate, sooner = math.Max(0, t.rate), timeLeft(m.room, t.rate)
		return o, sooner
	}
	rate := (float64(m.used) - float64(t.last.used)) / span.Seconds()
	o.rate = math.Min(rate, t.rate)
	o.left = timeLeft(m.room, o.rate)
	sooner = timeLeft(m.room, rate)
	t.last, t.rate = m, rate
	return o, sooner
}

func timeLeft(room uint64, rate float64) time.Duration {
	if rate <= 0 {
		return never
	}
	seconds := float64(room) / rate
	if seconds > time.Hour.Seconds() {
		return never
	}
	return time.Duration(seconds * float64(time.Second))
}

// percent is the level that the mem signal shows.
func (o *outlook) percent() float64 {
	if o.limit == 0 {
		return 0
	}
	return float64(o.used) / float64(o.limit) * 100
}

// overGoal is by how much the room is too small for the heap to reach the size
// at which the next collection starts.
func (o *outlook) overGoal() uint64 {
	if o.goal <= o.objects+o.spare {
		return 0
	}
	if more := o.goal - o.objects - o.spare; more > o.room {
		return more - o.room
	}
	return 0
}

// crampedBy is the part of GOMEMLIMIT that is live heap, of what other memory
// of the runtime leaves of it.
func (o *outlook) crampedBy() float64 {
	other := o.total - min(o.total, o.objects+o.spare)
	if o.soft >= math.MaxInt64 || o.soft <= other {
		return 0
	}
	return float64(o.live) / float64(o.soft-other)
}

// forecast says whether the process is about to run out of memory. abs is the
// level in percent that is too much in any case, 0 if there is none.
func (o *outlook) forecast(abs float64) (Reason, bool) {
	level := fmt.Sprintf("memory %s", unit{suffix: " %"}.format(o.percent()))
	switch {
	case o.left < shortly:
		return Reason{Code: CodeForecast, Text: fmt.Sprintf("%s: full in %s at %.0f MiB/s",
			level, o.left.Round(time.Millisecond), o.rate/(1<<20))}, true
	case o.overGoal() > 0:
		return Reason{Code: CodeForecast, Text: fmt.Sprintf("%s: the heap may grow to %d MiB before the next collection, %d MiB more than there is room for",
			level, o.goal>>20, max(o.overGoal()>>20, 1))}, true
	case o.crampedBy() > cramped:
		return Reason{Code: CodeForecast, Text: fmt.Sprintf("%s: live heap of %d MiB fills GOMEMLIMIT of %d MiB, the collector cannot keep under it",
			level, o.live>>20, o.soft>>20)}, true
	case abs > 0 && o.percent() > abs:
		return Reason{Code: CodeAbs, Rule: Threshold{Abs: abs}}, true
	}
	return Reason{}, false
}

// Between two looks. A quarter of the time that is left gives four of them
// before the end; below 10 ms rates are noise, and a second is the tick.
const (
	soonest = 10 * time.Millisecond
	latest  = time.Second
)

// fastest is more than a process can take of memory that it never had, in bytes
// a second: the kernel clears each page first, at 1 to 2 GB/s where it was measured
// (oom-table).
const fastest = 4 << 30

// safeFor is how long a sixteenth of the room lasts at the least. A service that
// collects a hundred times a second and has much room need not be looked at as
// often.
func safeFor(room uint64) time.Duration {
	return time.Duration(min(float64(room)/16/fastest, latest.Seconds()) * float64(time.Second))
}

// nextLook is when to look again.
func nextLook(left time.Duration) time.Duration { return min(max(left/4, soonest), latest) }
