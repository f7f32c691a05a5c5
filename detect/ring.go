package detect

const (
	// reachPart is the part of the samples since the start that the mean of a young
	// process is over: one in so many.
	reachPart = 4
	// knownGrace is by what an expected mean divides the grace after a start.
	knownGrace = 3
	// loadPart is the part of the grace in which the process must have load: one in so
	// many. A process that has none for idleGraces times the grace is idle for good, and
	// then that is what is normal: two hours by default.
	loadPart, idleGraces = 3, 40
)

// A Ring is the window of samples that a [Rule] judges the next one against. While
// a rule fires, samples are kept out of the mean, so that a fault is compared with
// the time before it and not with itself.
//
// A Ring allocates its buffer with the first sample, and nothing after that. It is
// not safe for concurrent use.
type Ring struct {
	buf     []float64 // nil before the first sample: a signal that is off needs no memory
	room    int       // length of buf
	next    int       // index of the next sample
	older   int       // samples that have left the mean of a young process
	settled int       // samples in the mean
	held    int       // newer samples that are not in the mean yet
	window  int       // maximum of older and settled
	warm    int       // samples that a mean needs to be compared with
	sum     float64

	seen     int     // samples that have been in the mean
	load     int     // those since the first load, without those of idle times in the grace
	idle     bool    // the next sample is of a process without load
	grace    int     // samples before the mean is compared, 0 for none
	expected float64 // the mean that the process had before it was restarted, 0 if unknown
}

// newRing returns a ring whose mean is over at most window samples, with room
// for hold more while a rule fires, and that is warm after warm samples.
func newRing(window, hold, warm int) *Ring {
	return &Ring{room: window + hold, window: window, warm: min(warm, window)}
}

// NewRing returns a ring whose mean is over the last of the values, at most window
// of them. It is for tests of a [Rule].
func NewRing(window int, values ...float64) *Ring {
	r := newRing(max(window, 1), 0, warmup)
	for _, v := range values {
		r.push(v)
	}
	return r
}

// Len returns the number of samples in the mean.
func (r *Ring) Len() int { return r.settled }

// Warm reports whether there are enough samples for the mean to be compared with:
// ten, or the whole window if that is shorter, and those of the grace after a start.
func (r *Ring) Warm() bool {
	age, load := r.graceLeft()
	return r.settled >= r.warm && age == 0 && load == 0
}

// young reports whether the grace after the start lasts: the process is new, or it has
// not had load for long enough.
func (r *Ring) young() bool {
	return r.seen < r.grace || r.load < r.grace/loadPart && r.seen < r.grace*idleGraces
}

// graceLeft returns how many samples the grace lasts, and how many of them must be of a
// process under load. An expected mean shortens it, and is compared with instead of the
// mean of a process without load.
func (r *Ring) graceLeft() (age, load int) {
	switch {
	case !r.young():
		return 0, 0
	case r.expected > 0:
		return max(r.grace/knownGrace-r.seen, 0), 0
	default:
		return max(r.grace-r.seen, 0), max(r.grace/loadPart-r.load, 0)
	}
}

// Mean returns the mean of the window, and 0 when it is empty. In the grace after a
// start it is at least the expected mean, because the process may still be idle.
func (r *Ring) Mean() float64 {
	mean := 0.0
	if r.settled > 0 {
		mean = r.sum / float64(r.settled)
	}
	if r.young() {
		mean = max(mean, r.expected)
	}
	return mean
}

// reach returns how many samples the mean is over at most. After a start with a grace
// that is a quarter of the samples since the process has load. So the mean does not have
// the time when the process was idle, and values that rise evenly from then on, as those
// of a cache that is being filled, are 14 % above it at any time.
func (r *Ring) reach() int {
	if r.grace == 0 {
		return r.window
	}
	return min(r.window, max(r.load/reachPart, warmup))
}

// Append appends all samples to dst, oldest first, those that are not in the mean
// included.
func (r *Ring) Append(dst []float64) []float64 {
	n := r.older + r.settled + r.held
	for i := range n {
		dst = append(dst, r.buf[r.index(i-n)])
	}
	return dst
}

// push adds a sample to the mean.
func (r *Ring) push(v float64) {
	r.hold(v)
	r.settle()
}

// hold adds a sample that stays out of the mean until settle. When the ring is
// full, it drops the oldest sample.
func (r *Ring) hold(v float64) {
	if r.buf == nil {
		r.buf = make([]float64, r.room)
	}
	if r.older+r.settled+r.held == r.room {
		r.dropOldest()
	}
	r.buf[r.next] = v
	r.next = r.index(1)
	r.held++
}

// settle takes the held samples into the mean and drops what has left the
// window.
func (r *Ring) settle() {
	for ; r.held > 0; r.held-- {
		r.sum += r.buf[r.index(-r.held)]
		r.settled++
		if !r.idle || !r.young() {
			r.load++
		}
		r.seen++
	}
	for reach := r.reach(); r.settled > reach; r.older++ {
		r.leaveMean()
	}
	for r.older+r.settled > r.window {
		r.dropOldest()
	}
}

func (r *Ring) dropOldest() {
	switch {
	case r.older > 0:
		r.older--
	case r.settled > 0:
		r.leaveMean()
	default: // only held samples
		r.held--
	}
}

// leaveMean takes the oldest sample of the mean out of it.
func (r *Ring) leaveMean() {
	r.sum -= r.buf[r.index(-r.settled-r.held)]
	r.settled--
	if r.index(-r.settled-r.held) == 0 {
		// Once a lap the sum is computed anew, so that rounding errors do not add up.
		r.sum = 0
		for i := range r.settled {
			r.sum += r.buf[r.index(i-r.settled-r.held)]
		}
	}
}

// index returns the index in buf that is off samples away from next, at most a
// lap.
func (r *Ring) index(off int) int {
	switch i := r.next + off; {
	case i < 0:
		return i + r.room
	case i >= r.room:
		return i - r.room
	default:
		return i
	}
}

// resized returns a ring of another size that holds the newest samples of r.
func (r *Ring) resized(window, hold int) *Ring {
	out := newRing(window, hold, r.warm)
	for _, v := range r.Append(nil) {
		out.push(v)
	}
	out.seen, out.load, out.idle, out.grace, out.expected = r.seen, r.load, r.idle, r.grace, r.expected
	out.settle()
	return out
}
