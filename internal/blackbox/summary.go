package blackbox

import "time"

// A Summary sums up the last time of a process, such as a minute.
type Summary struct {
	// At is when the last record of any kind was written, and zero if there
	// is none. The process lived a little longer.
	At time.Time
	// Sample is the last reading and SampleAt its time, zero if there is none.
	Sample   Sample
	SampleAt time.Time
	// Samples is the number of readings that the fields below sum up, and Over
	// the time from the first of them to the last.
	Samples int
	Over    time.Duration
	// MemorySlope is how fast Sample.Memory rose, in bytes per second, by least
	// squares over these readings; 0 with fewer than two.
	MemorySlope float64
	// MaxCPU and MaxMemory are the highest readings among them.
	MaxCPU    float64
	MaxMemory uint64
	// EventID and EventText are those of the last event, State is the last
	// state, however old each is, and EventAt and StateAt their times.
	EventID, EventText string
	EventAt            time.Time
	State              string
	StateAt            time.Time
}

// MemoryShare returns the last reading in percent of the limit, 0 if there is
// none.
func (s *Summary) MemoryShare() float64 {
	if s.Sample.MemoryLimit == 0 {
		return 0
	}
	return 100 * float64(s.Sample.Memory) / float64(s.Sample.MemoryLimit)
}

// Summary sums up the time before the last reading.
func (c *Contents) Summary(over time.Duration) (s Summary) {
	var last *Record
	for _, r := range c.Records {
		s.At = r.At
		switch r.Kind {
		case KindSample:
			last, s.Sample, s.SampleAt = r, r.Sample, r.At
		case KindState:
			s.State, s.StateAt = r.Text, r.At
		case KindEvent:
			s.EventID, s.EventText, s.EventAt = r.ID, r.Text, r.At
		}
	}
	if last == nil {
		return s
	}
	var line line
	for _, r := range c.Records {
		ago := last.Since - r.Since
		if r.Kind != KindSample || ago > over || ago < 0 {
			continue
		}
		s.Samples++
		s.Over = max(s.Over, ago)
		s.MaxCPU = max(s.MaxCPU, r.Sample.CPU)
		if r.Sample.Memory > 0 { // 0 is unknown
			s.MaxMemory = max(s.MaxMemory, r.Sample.Memory)
			line.add(-ago.Seconds(), float64(r.Sample.Memory))
		}
	}
	s.MemorySlope = line.slope()
	return s
}

// A line is fitted to points by least squares.
type line struct {
	n, meanX, meanY, xx, xy float64
}

// add takes one more point, by Welford's update, which does not lose the small
// differences of large numbers.
func (l *line) add(x, y float64) {
	l.n++
	dx := x - l.meanX
	l.meanX += dx / l.n
	l.meanY += (y - l.meanY) / l.n
	l.xx += dx * (x - l.meanX)
	l.xy += dx * (y - l.meanY)
}

// slope is 0 where the points make no line.
func (l *line) slope() float64 {
	if l.n < 2 || !(l.xx > 0) {
		return 0
	}
	return l.xy / l.xx
}
