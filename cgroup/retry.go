package cgroup

// retry spaces out the attempts to look up again what failed for a reason that may pass. It counts looks: a reader
// has no clock.
type retry struct {
	failed bool
	wait   int // looks until the next attempt
	step   int // looks that the next failure waits
}

// maxWait bounds the wait: some minutes at one look in four seconds.
const maxWait = 256

// done notes how an attempt ended.
func (r *retry) done(failed bool) {
	r.failed = failed
	if !failed {
		r.step = 0
		return
	}
	r.step = min(max(2*r.step, 1), maxWait)
	r.wait = r.step
}

// due counts one look and reports whether it is time for another attempt.
func (r *retry) due() bool {
	if r.failed {
		r.wait--
	}
	return r.failed && r.wait <= 0
}
