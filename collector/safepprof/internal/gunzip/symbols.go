package gunzip

import "encoding/binary"

// plenty bits begin every round of symbols, unless the source ends: seven bytes
// is what eight read at once bring for certain. A match takes 48 of them at
// most: 15 and 5 more for the length, 15 and 13 more for the distance.
const plenty = 7 * 8

// symbols decodes symbols until the block or the room in out ends. The state of
// the reader is kept in variables of its own meanwhile.
//
//nolint:revive // function-length: parts of it would pass this state around, for a tenth of its speed
func (r *Reader) symbols() (err error) {
	t := &r.tables
	lit, dist := &t.lit, &t.dist
	if t.fixed {
		lit, dist = &t.fixedLit, &t.fixedDist
	}
	in, out := &r.in, &r.out
	bits, nbits, next, pos := r.bits, r.nbits, uint(r.inPos), uint(r.pos)
	last := r.lastEight()
	for pos < full {
		if next < last {
			bits |= eight(in, next) << (uint(nbits) & 63)
			next += uint(63-nbits) >> 3
			nbits |= plenty // plus 8 for each byte that came
		} else if nbits < plenty {
			r.bits, r.nbits, r.inPos = bits, nbits, int(next)
			if err = r.refill(); err != nil {
				break
			}
			bits, nbits, next = r.bits, r.nbits, uint(r.inPos)
			last = r.lastEight()
		}
		e := lit[bits&(1<<litBits-1)]
		if e.is(literal) {
			bits >>= e.takes()
			nbits -= int(e.takes())
			out[pos] = byte(e.value())
			pos++
			e = lit[bits&(1<<litBits-1)]
			if e.is(literal) {
				bits >>= e.takes()
				nbits -= int(e.takes())
				out[pos] = byte(e.value())
				pos++
				e = lit[bits&(1<<litBits-1)]
				if e.is(literal) {
					bits >>= e.takes()
					nbits -= int(e.takes())
					out[pos] = byte(e.value())
					pos++
					continue
				}
			}
			if next >= last {
				continue
			}
			bits |= eight(in, next) << (uint(nbits) & 63)
			next += uint(63-nbits) >> 3
			nbits |= plenty // for what follows two literals
		}
		if e.is(pointer | end | invalid) {
			if e.is(pointer) {
				bits >>= litBits
				nbits -= litBits
				e = lit[e.value()+uint(bits&(1<<e.own()-1))]
			}
			if e.is(literal | end | invalid) {
				bits >>= e.takes()
				nbits -= int(e.takes())
				if e.is(literal) {
					out[pos] = byte(e.value())
					pos++
					continue
				}
				if r.phase = atBlock; e.is(invalid) {
					err = ErrCorrupt
				}
				break
			}
		}
		length := e.number(bits)
		bits >>= e.takes()
		nbits -= int(e.takes())

		d := dist[bits&(1<<distBits-1)]
		if d.is(pointer) {
			bits >>= distBits
			nbits -= distBits
			d = dist[d.value()+uint(bits&(1<<d.own()-1))]
		}
		back := d.number(bits)
		bits >>= d.takes()
		nbits -= int(d.takes())
		if d.is(invalid) || back > pos-uint(r.member) {
			err = ErrCorrupt
			break
		}
		if from := pos - back; length <= slack && back >= slack/2 { // as in almost all of them
			to, from := out[pos:pos+slack:pos+slack], out[from:from+slack:from+slack]
			*(*[slack / 2]byte)(to) = *(*[slack / 2]byte)(from)
			*(*[slack / 2]byte)(to[slack/2:]) = *(*[slack / 2]byte)(from[slack/2:])
		} else {
			r.match(int(pos), int(back), int(length))
		}
		pos += length
	}
	r.bits, r.nbits, r.inPos, r.pos = bits, nbits, int(next), int(pos)
	if nbits < 0 {
		return r.truncated() // whatever was decoded from bits that are not there
	}
	return err
}

// lastEight is where in in there are no more than eight bytes.
func (r *Reader) lastEight() uint { return uint(max(r.inEnd-8, 0)) }

// eight returns eight bytes as a number, the first one lowest.
func eight(in *[inSize]byte, i uint) uint64 {
	return binary.LittleEndian.Uint64(in[i : i+8 : i+8])
}

// match copies what is so far back to pos, eight bytes at a time. Behind every
// match there is room for the bytes that are too many.
func (r *Reader) match(pos, back, length int) {
	if back < 8 {
		for i := pos; i < pos+length; i++ {
			r.out[i] = r.out[i-back]
		}
		return
	}
	to, from := r.out[pos:pos+length+slack], r.out[pos-back:pos-back+length+slack]
	for i := 0; i < length; i += 8 {
		binary.LittleEndian.PutUint64(to[i:], binary.LittleEndian.Uint64(from[i:]))
	}
}
