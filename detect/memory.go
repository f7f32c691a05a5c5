package detect

import (
	"fmt"
	"math"
	"time"
)

// A MemoryReading is the memory of a process at one moment, in bytes: as the kernel
// counts it, which kills by that, and as Go's runtime counts it.
type MemoryReading struct {
	At          time.Duration // since a fixed instant
	Used, Limit uint64        // the pair that the mem signal compares; Limit is 0 if unknown
	Room        uint64        // what can still be allocated before the process is killed
	Reserve     uint64        // what of Room a heap profile may take, which a forecast leaves free for it

	Live    uint64 // heap found reachable by the last collection
	Objects uint64 // heap in use now, garbage included
	Goal    uint64 // heap at which the next collection starts; math.MaxUint64 with GOGC=off
	Spare   uint64 // what the runtime can give to the heap without asking the kernel
	Soft    uint64 // GOMEMLIMIT, counted like Total; at least math.MaxInt64 if not set
	Total   uint64 // all memory of the runtime that it has not returned to the kernel

	Collection time.Duration // expected duration of a collection
}

// A MemoryForecast is a [MemoryReading] with the time that is left at the rate at
// which memory grows.
type MemoryForecast struct {
	MemoryReading
	Rate float64       // growth of Used in bytes a second, at least
	Left time.Duration // until Room is used up at that rate, or [Never]
}

const (
	// Never is the time left where memory does not grow.
	Never = time.Duration(math.MaxInt64)

	// minLeft is the time left below which the memory watcher fires: several
	// times what it takes to write a heap profile, under a quota too.
	minLeft = 250 * time.Millisecond
	// maxLive is the part of GOMEMLIMIT that may be live before the collector
	// runs all the time to keep below it.
	maxLive = 0.95
	// minSpan is the least time between readings that a rate is computed from:
	// the kernel charges memory in batches, which look like leaps.
	minSpan = 5 * time.Millisecond
)

// A MemoryTrend computes the growth of memory from readings. The zero MemoryTrend
// has none.
type MemoryTrend struct {
	last  MemoryReading
	known bool
	rate  float64 // between the last two readings
}

// Add adds a reading and returns the forecast. Its rate is the lower one of the
// last two spans between readings, so that one leap is no trend. sooner is the time
// left by the last span alone, which the caller needs to choose when to read
// again.
func (t *MemoryTrend) Add(m MemoryReading) (o MemoryForecast, sooner time.Duration) {
	o = MemoryForecast{MemoryReading: m, Left: Never}
	if !t.known {
		t.last, t.known = m, true
		return o, Never
	}
	span := m.At - t.last.At
	if span < minSpan {
		o.Rate, sooner = math.Max(0, t.rate), TimeLeft(m.free(), t.rate)
		return o, sooner
	}
	rate := (float64(m.Used) - float64(t.last.Used)) / span.Seconds()
	o.Rate = math.Min(rate, t.rate)
	o.Left = TimeLeft(m.Room, o.Rate)
	sooner = TimeLeft(m.free(), rate)
	t.last, t.rate = m, rate
	return o, sooner
}

// TimeLeft returns how long a room in bytes lasts at a rate in bytes a second, or
// [Never] if that is more than an hour.
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

// Percent returns Used in percent of Limit, and 0 if the limit is unknown.
func (f *MemoryForecast) Percent() float64 {
	if f.Limit == 0 {
		return 0
	}
	return float64(f.Used) / float64(f.Limit) * 100
}

// free is Room without Reserve, which counts for three quarters of Room at most:
// otherwise a process with little room would always be at its end.
func (m *MemoryReading) free() uint64 { return m.Room - min(m.Reserve, m.Room/4*3) }

// goalReach is by how many times its present size the heap may be below its goal for
// that to be a forecast. After a collection it is twice with GOGC=100. A goal that is
// further off is a setting rather than a danger, as long as the heap does not grow: with
// GOGC=off there is none, and with GOGC=100000 an idle program has one of 4 GiB.
const goalReach = 4

// overGoal is by how much the free room is too small for the heap to reach the size
// at which the next collection starts, if it has come near that.
func (f *MemoryForecast) overGoal() uint64 {
	has := f.Objects + f.Spare
	if f.Goal <= has || f.Goal/goalReach > has {
		return 0
	}
	if more := f.Goal - has; more > f.free() {
		return more - f.free()
	}
	return 0
}

// liveShare is the live heap as a part of what the runtime's other memory leaves of
// GOMEMLIMIT.
func (f *MemoryForecast) liveShare() float64 {
	other := f.Total - min(f.Total, f.Objects+f.Spare)
	if f.Soft >= math.MaxInt64 || f.Soft <= other {
		return 0
	}
	return float64(f.Live) / float64(f.Soft-other)
}

// Judge reports whether the process is about to run out of memory, and why: the
// room without Reserve will be used up within 250 ms, the heap may outgrow it before
// the next collection, if it has a quarter of that size already, or the live heap
// fills GOMEMLIMIT ([CodeForecast]); or memory is above abs percent of the limit
// ([CodeAbs]), unless abs is 0.
func (f *MemoryForecast) Judge(abs float64) (Reason, bool) {
	level := fmt.Sprintf("memory %s", Unit{suffix: " %"}.Format(f.Percent()))
	switch {
	case f.Left < minLeft, TimeLeft(f.free(), f.Rate) < minLeft:
		return Reason{Code: CodeForecast, Text: fmt.Sprintf("%s: full in %s at %.0f MiB/s",
			level, f.Left.Round(time.Millisecond), f.Rate/(1<<20))}, true
	case f.overGoal() > 0:
		beside := ""
		if f.overGoal() <= f.Room-f.free() { // else even without one
			beside = " beside a heap profile"
		}
		return Reason{Code: CodeForecast, Text: fmt.Sprintf("%s: the heap may grow to %d MiB before the next collection, %d MiB more than there is room for%s",
			level, f.Goal>>20, max(f.overGoal()>>20, 1), beside)}, true
	case f.liveShare() > maxLive:
		return Reason{Code: CodeForecast, Text: fmt.Sprintf("%s: live heap of %d MiB fills GOMEMLIMIT of %d MiB, the collector cannot keep under it",
			level, f.Live>>20, f.Soft>>20)}, true
	case abs > 0 && f.Percent() > abs:
		return Reason{Code: CodeAbs, Rule: Threshold{Abs: abs}}, true
	}
	return Reason{}, false
}
