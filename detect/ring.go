package detect

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
	settled int       // samples in the mean
	held    int       // newer samples that are not in the mean yet
	window  int       // maximum of settled
	warm    int       // samples that a mean needs to be compared with
	sum     float64
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
// ten, or the whole window if that is shorter.
func (r *Ring) Warm() bool { return r.settled >= r.warm }

// Mean returns the mean of the window, and 0 when it is empty.
func (r *Ring) Mean() float64 {
	if r.settled == 0 {
		return 0
	}
	return r.sum / float64(r.settled)
}

// Append appends all samples to dst, oldest first, those that are not in the mean
// included.
func (r *Ring) Append(dst []float64) []float64 {
	n := r.settled + r.held
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
	if r.settled+r.held == r.room {
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
	}
	for r.settled > r.window {
		r.dropOldest()
	}
}

func (r *Ring) dropOldest() {
	if r.settled == 0 { // only held samples: the oldest of them goes
		r.held--
		return
	}
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
	return out
}
