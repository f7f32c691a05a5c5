package measure

import (
	"runtime/metrics"
	"slices"
)

// A runDelay is how long runnable goroutines wait until they run. The runtime adds
// one of eight to a histogram.
type runDelay struct {
	read func() (*metrics.Float64Histogram, error)
	lastReading
	before []uint64 // the counts at the previous tick
}

// fewDelays is the least number of delays of a percentile; missing ones count as 0.
// If an idle process measures three delays in a second, one of them that the machine
// has caused is not the 99th percentile.
const fewDelays = 100

// SchedLatency returns the 99th percentile since the previous tick, in milliseconds.
func (m *Meter) SchedLatency(*Config) (value, limit float64, err error) {
	d := &m.pressure.runs
	h, err := d.read()
	if err != nil {
		return 0, 0, err
	}
	if since := d.next(m); since > 0 && len(d.before) == len(h.Counts) {
		value = 1000 * p99(h, d.before)
	} else {
		err = ErrOneReading
	}
	d.before = append(d.before[:0], h.Counts...)
	return value, 0, err
}

// p99 returns the 99th percentile of what h has gained over the counts before. It
// assumes that delays are spread evenly over a bucket, which is at most a quarter as
// wide as its lower end.
func p99(h *metrics.Float64Histogram, before []uint64) float64 {
	var n uint64
	for i, count := range h.Counts {
		n += count - before[i]
	}
	above := float64(max(n, fewDelays)) / 100 // how many are longer
	for i, count := range slices.Backward(h.Counts) {
		gained := float64(count - before[i])
		if gained <= above {
			above -= gained
			continue
		}
		low, high := h.Buckets[i], h.Buckets[i+1]
		switch {
		case i == 0: // from minus infinity: the clock went back
			return 0
		case i == len(h.Counts)-1: // to infinity
			return low
		}
		return high - (high-low)*above/gained
	}
	return 0
}
