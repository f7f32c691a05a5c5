// Package peers has the rules of other libraries, written from their definitions, to
// judge the same series.
package peers

import "time"

// A Rule decides about captures.
type Rule interface {
	// Captures returns the indices at which the rule captures, when a value
	// comes once every step. Captures within a cool-down do not exist.
	Captures(values []float64, step time.Duration) []int
}

// A Mosn is the rule of mosn/holmes v1.0.2, in its integers: a ring of ten
// readings with the current one among them, nothing before it is full, and a
// cool-down.
type Mosn struct {
	Min, Diff, Abs int
	CoolDown       time.Duration
	// Every is the number of samples from one reading to the next: by default it
	// reads every 5 s, and then the CPU of one second.
	Every int
}

const mosnRing = 10

// Captures implements [Rule].
func (m Mosn) Captures(values []float64, step time.Duration) (at []int) {
	every := max(m.Every, 1)
	var ring []int
	quiet := time.Duration(-1)
	for i := every - 1; i < len(values); i += every {
		now := time.Duration(i) * step
		current := int(values[i])
		ring = append(ring, current)
		if len(ring) < mosnRing {
			continue
		}
		ring = ring[len(ring)-mosnRing:]
		if now < quiet || !m.fires(current, ring) {
			continue
		}
		at = append(at, i)
		quiet = now + m.CoolDown
	}
	return at
}

func (m Mosn) fires(current int, ring []int) bool {
	sum := 0
	for _, v := range ring {
		sum += v
	}
	mean := sum / len(ring)
	switch {
	case current < m.Min:
		return false
	case current > m.Abs:
		return true
	default:
		return current >= mean*(100+m.Diff)/100
	}
}

// An Autopprof is the rule of daangn/autopprof v2: at or over the threshold it
// captures, and again with every twelfth reading in a row that is.
type Autopprof struct {
	Threshold float64
	Every     int // as in [Mosn]; by default it reads every 5 s
}

const autopprofRow = 12

// Captures implements [Rule].
func (a Autopprof) Captures(values []float64, _ time.Duration) (at []int) {
	every := max(a.Every, 1)
	row := 0
	for i := every - 1; i < len(values); i += every {
		if values[i] < a.Threshold {
			row = 0
			continue
		}
		if row == 0 {
			at = append(at, i)
		}
		row = (row + 1) % autopprofRow
	}
	return at
}
