package delivery

import "time"

// Stats is the statistics of one reporter, in the shape of the root's
// ReporterStats, which describes the fields.
type Stats struct {
	Name                string
	Waiting             int
	Offered             uint64
	Failing             int
	Attempts, Delivered uint64
	Dropped             map[string]uint64
	Panics              uint64
	Resting             bool
	Held                time.Duration
	LastErr             error
}

// add adds the counters of another reporter that this one replaces.
func (s *Stats) add(was *Stats) {
	s.Offered += was.Offered
	s.Attempts += was.Attempts
	s.Delivered += was.Delivered
	for reason, n := range was.Dropped {
		s.drop(reason, n)
	}
}

func (s *Stats) drop(reason string, n uint64) {
	if s.Dropped == nil {
		s.Dropped = map[string]uint64{}
	}
	s.Dropped[reason] += n
}
