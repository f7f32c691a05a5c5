package cgroup

// retry spaces out the repetitions of a look-up that failed for a temporary reason. It counts readings: a reader has no
// clock.
type retry struct {
	failed bool
	wait   int // readings until the next attempt
	step   int // readings that the next failure waits
}

// maxWait bounds the wait: some minutes at one reading in four seconds.
const maxWait = 256

// done records the result of an attempt.
func (r *retry) done(failed bool) {
	r.failed = failed
	if !failed {
		r.step = 0
		return
	}
	r.step = min(max(2*r.step, 1), maxWait)
	r.wait = r.step
}

// due counts one reading and reports whether it is time for another attempt.
func (r *retry) due() bool {
	if r.failed {
		r.wait--
	}
	return r.failed && r.wait <= 0
}
