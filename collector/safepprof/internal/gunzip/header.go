package gunzip

import (
	"errors"
	"hash/crc32"
	"io"
)

// The flags of a member's head.
const (
	hasHeadSum = 1 << 1
	hasExtra   = 1 << 2
	hasName    = 1 << 3
	hasComment = 1 << 4
)

// maxName is the longest name or comment that is skipped, as in compress/gzip.
const maxName = 512

// A head is read byte by byte, since it may be under a checksum of its own.
type head struct {
	*Reader
	crc uint32
}

func (h *head) next() (byte, error) {
	b, err := h.byte()
	h.one[0] = b
	h.crc = crc32.Update(h.crc, crc32.IEEETable, h.one[:])
	return b, err
}

// header reads the head of a member. Where the source ends before it there is
// none: io.EOF, unless this would be the first.
func (r *Reader) header() error {
	r.read(1)
	if r.begun && r.inPos == r.inEnd && errors.Is(r.srcErr, io.EOF) {
		return io.EOF
	}
	h := head{Reader: r}
	var fixed [10]byte // magic, method, flags, time, hints, system
	for i := range fixed {
		b, err := h.next()
		if err != nil {
			return err
		}
		fixed[i] = b
	}
	if fixed[0] != 0x1f || fixed[1] != 0x8b || fixed[2] != 8 {
		return ErrHeader
	}
	if err := h.optional(fixed[3]); err != nil {
		return err
	}
	r.phase, r.begun = atBlock, true
	r.crc, r.size, r.member = 0, 0, r.pos
	return nil
}

// optional skips what the flags promise.
func (h *head) optional(flags byte) error {
	if flags&hasExtra != 0 {
		if err := h.skipExtra(); err != nil {
			return err
		}
	}
	for _, flag := range []byte{hasName, hasComment} {
		if flags&flag != 0 {
			if err := h.skipText(); err != nil {
				return err
			}
		}
	}
	if flags&hasHeadSum != 0 {
		want := uint64(h.crc & 0xffff)
		if got, err := h.bytes(2); err != nil {
			return err
		} else if got != want {
			return ErrHeader
		}
	}
	return nil
}

func (h *head) skipExtra() error {
	low, err := h.next()
	if err != nil {
		return err
	}
	high, err := h.next()
	if err != nil {
		return err
	}
	for range int(low) | int(high)<<8 {
		if _, err := h.next(); err != nil {
			return err
		}
	}
	return nil
}

func (h *head) skipText() error {
	for range maxName {
		if b, err := h.next(); err != nil || b == 0 {
			return err
		}
	}
	return ErrHeader
}

// trailer holds a member against its checksum and its size.
func (r *Reader) trailer() error {
	r.sum()
	r.align()
	crc, err := r.bytes(4)
	if err != nil {
		return err
	}
	size, err := r.bytes(4)
	if err != nil {
		return err
	}
	if crc != uint64(r.crc) || size != uint64(r.size) {
		return ErrChecksum
	}
	r.phase = inHeader
	return nil
}
