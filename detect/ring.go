package detect

// A Ring is the fixed window of samples that a [Rule] judges the next one
// against. While a rule holds, samples are kept out of the mean, so that a
// fault is compared with what was before it and not with itself.
//
// A Ring allocates nothing after its first sample, and is not safe for
// concurrent use.
type Ring struct {
	buf     []float64 // of room samples, from the first one on: a signal that is off has none
	room    int
	next    int // where the next sample goes
	settled int // samples in the mean
	held    int // samples after them that are not, yet
	window  int // most samples in the mean
	warm    int // samples that a mean needs to be trusted
	sum     float64
}

// newRing returns a ring whose mean is over at most window samples, with room
// for hold more while a rule holds, and that is warm after warm samples.
func newRing(window, hold, warm int) *Ring {
	return &Ring{room: window + hold, window: window, warm: min(warm, window)}
}

// NewRing returns a ring whose mean is over the last of these values, at most
// window of them, all settled. It is for tests of a [Rule].
func NewRing(window int, values ...float64) *Ring {
	r := newRing(max(window, 1), 0, warmup)
	for _, v := range values {
		r.push(v)
	}
	return r
}

// Len returns how many samples the mean is over.
func (r *Ring) Len() int { return r.settled }

// Warm reports whether the ring holds enough samples for its mean to be
// judged against.
func (r *Ring) Warm() bool { return r.settled >= r.warm }

// Mean returns the mean of the settled samples, and 0 when there are none.
func (r *Ring) Mean() float64 {
	if r.settled == 0 {
		return 0
	}
	return r.sum / float64(r.settled)
}

// Append appends all samples to dst, oldest first, the held ones included.
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

// hold adds a sample that stays out of the mean until settle. More of them
// than there is room for settle the oldest ones.
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
		// Once a lap the sum is taken anew, so that rounding never adds up.
		r.sum = 0
		for i := range r.settled {
			r.sum += r.buf[r.index(i-r.settled-r.held)]
		}
	}
}

// index returns the place in buf that lies off samples from next, at most a lap
// away.
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
