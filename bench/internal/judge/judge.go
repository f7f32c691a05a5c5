// Package judge counts hits and false captures on series whose faults are known.
package judge

import (
	"slices"
	"time"

	"github.com/go-holmes/holmes/bench/internal/usage"
)

// grace is the number of samples after a fault in which a capture is not counted as
// false.
const grace = 12

// A Score is the result of a rule on some series.
type Score struct {
	Windows, Hit int
	False        int
	Days         float64         // outside of the faults
	Delays       []time.Duration // from a fault's begin to its first capture
	Units        []float64       // false captures a day of each series
}

// Count adds a series, with the indices of its captures.
func (s *Score) Count(series usage.Series, captures []int) {
	hits := make([]bool, len(series.Windows))
	wrong := 0
	for _, at := range captures {
		switch w := windowOf(series, at); {
		case w >= 0 && !hits[w]:
			hits[w] = true
			s.Hit++
			s.Delays = append(s.Delays, time.Duration(at-series.Windows[w].From)*series.Step)
		case w < 0 && !excused(series, at):
			wrong++
		}
	}
	s.Windows += len(hits)
	s.False += wrong
	days := outside(series).Hours() / 24
	s.Days += days
	if days > 0 {
		s.Units = append(s.Units, float64(wrong)/days)
	}
}

// Rate returns the false captures a day.
func (s *Score) Rate() float64 {
	if s.Days == 0 {
		return 0
	}
	return float64(s.False) / s.Days
}

// Share returns the hit part of the faults.
func (s *Score) Share() float64 {
	if s.Windows == 0 {
		return 0
	}
	return float64(s.Hit) / float64(s.Windows)
}

// Delay returns the median delay, and false if nothing was hit.
func (s *Score) Delay() (time.Duration, bool) {
	if len(s.Delays) == 0 {
		return 0, false
	}
	sorted := slices.Sorted(slices.Values(s.Delays))
	return sorted[len(sorted)/2], true
}

// Spread returns the least and the most false captures a day of a series.
func (s *Score) Spread() (least, most float64) {
	if len(s.Units) == 0 {
		return 0, 0
	}
	return slices.Min(s.Units), slices.Max(s.Units)
}

// windowOf returns the fault that an index is in, or -1.
func windowOf(s usage.Series, at int) int {
	return slices.IndexFunc(s.Windows, func(w usage.Span) bool { return w.Has(at) })
}

// excused reports whether a capture outside of the faults is not counted.
func excused(s usage.Series, at int) bool {
	after := func(w usage.Span) bool { return w.To < at && at <= w.To+grace }
	return slices.ContainsFunc(s.Windows, after) ||
		slices.ContainsFunc(s.Masked, func(m usage.Span) bool { return m.Has(at) })
}

// outside is the time in which a capture would be false.
func outside(s usage.Series) (d time.Duration) {
	counts := make([]bool, len(s.Values))
	for i := range counts {
		counts[i] = true
	}
	skip := func(from, to int) {
		for i := max(from, 0); i <= to && i < len(counts); i++ {
			counts[i] = false
		}
	}
	for _, w := range s.Windows {
		skip(w.From, w.To+grace)
	}
	for _, m := range s.Masked {
		skip(m.From, m.To)
	}
	for _, c := range counts {
		if c {
			d += s.Step
		}
	}
	return d
}
