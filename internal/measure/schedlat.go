package measure

import (
	"runtime/metrics"
	"slices"
)

// A runDelay is how long goroutines that can run wait for a thread and a
// processor, of one in eight of which the runtime keeps a histogram.
type runDelay struct {
	read func() (*metrics.Float64Histogram, error)
	pulse
	before []uint64 // the counts at the tick before
}

// fewDelays is how many delays a percentile is of at least. Those that are
// missing count as none: of an idle process that measures three delays in a
// second, one that the machine held up is no 99th percentile.
const fewDelays = 100

// SchedLatency reads the 99th percentile since the tick before, in
// milliseconds.
func (m *Meter) SchedLatency(*Config) (value, limit float64, err error) {
	d := &m.pressure.runs
	h, err := d.read()
	if err != nil {
		return 0, 0, err
	}
	if since := d.beat(m); since > 0 && len(d.before) == len(h.Counts) {
		value = 1000 * p99(h, d.before)
	} else {
		err = ErrOneReading
	}
	d.before = append(d.before[:0], h.Counts...)
	return value, 0, err
}

// p99 is the 99th percentile of what h has gained over the counts before. It
// takes delays to be spread evenly over a bucket, which is a quarter as wide as
// its lower end or less.
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
