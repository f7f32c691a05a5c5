package gunzip

import (
	"errors"
	"io"
)

// read fills the window behind inPos until it holds at least n bytes or the
// source ends. The eight bytes before inPos stay, since align may return them.
func (r *Reader) read(n int) {
	if r.srcErr != nil || r.inEnd-r.inPos >= n {
		return
	}
	if from := r.inPos - 8; from > 0 {
		copy(r.in[:], r.in[from:r.inEnd])
		r.inPos, r.inEnd, r.behind = r.inPos-from, r.inEnd-from, r.behind+from
	}
	for idle := 0; r.inEnd-r.inPos < n && r.srcErr == nil; {
		got, err := r.src.Read(r.in[r.inEnd:])
		r.inEnd += got
		r.srcErr = err
		if idle++; got > 0 {
			idle = 0
		}
		if idle == 100 {
			r.srcErr = io.ErrNoProgress
		}
	}
}

// refill takes bytes until there are more than 55 bits. Where the source ends there
// are fewer, and once more were used than there were it is an error.
func (r *Reader) refill() error {
	r.read(8)
	for r.nbits >= 0 && r.nbits <= 55 && r.inPos < r.inEnd {
		r.bits |= uint64(r.in[r.inPos]) << r.nbits
		r.inPos++
		r.nbits += 8
	}
	if r.nbits < 0 {
		return r.truncated()
	}
	return nil
}

// truncated says why there is no more.
func (r *Reader) truncated() error {
	if r.srcErr == nil || errors.Is(r.srcErr, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return r.srcErr
}

// take returns the next n bits, at most 16.
func (r *Reader) take(n int) (uint32, error) {
	if r.nbits < n {
		if err := r.refill(); err != nil {
			return 0, err
		}
		if r.nbits < n {
			return 0, r.truncated()
		}
	}
	v := uint32(r.bits) & (1<<n - 1)
	r.bits >>= n
	r.nbits -= n
	return v, nil
}

// align drops the bits up to the next byte and returns whole bytes to the
// window.
func (r *Reader) align() {
	r.inPos -= r.nbits / 8
	r.bits, r.nbits = 0, 0
}

// byte returns the next byte of an aligned reader.
func (r *Reader) byte() (byte, error) {
	if r.inPos == r.inEnd {
		r.read(1)
		if r.inPos == r.inEnd {
			return 0, r.truncated()
		}
	}
	b := r.in[r.inPos]
	r.inPos++
	return b, nil
}

// bytes returns the next n bytes of an aligned reader, at most 8, as a number
// whose lowest byte came first.
func (r *Reader) bytes(n int) (v uint64, err error) {
	for i := range n {
		b, err := r.byte()
		if err != nil {
			return 0, err
		}
		v |= uint64(b) << (8 * i)
	}
	return v, nil
}
