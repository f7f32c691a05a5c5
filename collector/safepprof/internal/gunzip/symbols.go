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
	bits, nbits, in, pos := r.bits, r.nbits, r.inPos, r.pos
	for pos < full {
		if r.inEnd-in >= 8 {
			bits |= binary.LittleEndian.Uint64(r.in[in:]) << (uint(nbits) & 63)
			in += (63 - nbits) >> 3
			nbits |= plenty // plus 8 for each byte that came
		} else if nbits < plenty {
			r.bits, r.nbits, r.inPos = bits, nbits, in
			if err = r.refill(); err != nil {
				break
			}
			bits, nbits, in = r.bits, r.nbits, r.inPos
		}
		e := lit[bits&(1<<litBits-1)]
		if e.is(pointer) {
			bits >>= litBits
			nbits -= litBits
			e = lit[e.value()+int(bits&(1<<e.extra()-1))]
		}
		bits >>= e.length()
		nbits -= int(e.length())
		if e.is(literal) {
			binary.LittleEndian.PutUint16(r.out[pos:], uint16(e.value()))
			pos += int(e.extra())
			e = lit[bits&(1<<litBits-1)]
			if e.is(literal) {
				bits >>= e.length()
				nbits -= int(e.length())
				binary.LittleEndian.PutUint16(r.out[pos:], uint16(e.value()))
				pos += int(e.extra())
			}
			continue
		}
		if e.is(end | invalid) {
			if r.phase = atBlock; e.is(invalid) {
				err = ErrCorrupt
			}
			break
		}
		length := e.value() + int(bits&(1<<e.extra()-1))
		bits >>= e.extra()

		d := dist[bits&(1<<distBits-1)]
		if d.is(pointer) {
			bits >>= distBits
			nbits -= distBits
			d = dist[d.value()+int(bits&(1<<d.extra()-1))]
		}
		bits >>= d.length()
		back := d.value() + int(bits&(1<<d.extra()-1))
		bits >>= d.extra()
		nbits -= int(e.extra() + d.length() + d.extra())
		if d.is(invalid) || back > pos-r.member {
			err = ErrCorrupt
			break
		}
		r.match(pos, back, length)
		pos += length
	}
	r.bits, r.nbits, r.inPos, r.pos = bits, nbits, in, pos
	if nbits < 0 {
		return r.truncated() // whatever was decoded from bits that are not there
	}
	return err
}

// match copies what is so far back to pos: sixteen bytes, and eight more at a
// time. Behind every match there is room for the bytes that are too many.
func (r *Reader) match(pos, back, length int) {
	if back < 8 {
		for i := pos; i < pos+length; i++ {
			r.out[i] = r.out[i-back]
		}
		return
	}
	to, from := r.out[pos:pos+length+slack], r.out[pos-back:pos-back+length+slack]
	binary.LittleEndian.PutUint64(to, binary.LittleEndian.Uint64(from))
	binary.LittleEndian.PutUint64(to[8:], binary.LittleEndian.Uint64(from[8:]))
	for i := 16; i < length; i += 8 {
		binary.LittleEndian.PutUint64(to[i:], binary.LittleEndian.Uint64(from[i:]))
	}
}
