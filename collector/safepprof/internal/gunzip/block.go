package gunzip

// block reads the head of a block, or finds that the member has no more.
func (r *Reader) block() error {
	if r.last {
		r.last, r.phase = false, inTrailer
		return nil
	}
	v, err := r.take(3)
	if err != nil {
		return err
	}
	r.last = v&1 != 0
	switch v >> 1 {
	case 0:
		return r.storedBlock()
	case 1:
		r.fixedBlock()
		return nil
	case 2:
		return r.dynamicBlock()
	}
	return ErrCorrupt
}

func (r *Reader) storedBlock() error {
	r.align()
	v, err := r.bytes(4)
	if err != nil {
		return err
	}
	length, inverse := uint16(v), uint16(v>>16)
	if length != ^inverse {
		return ErrCorrupt
	}
	r.stored, r.phase = int(length), inStored
	return nil
}

func (r *Reader) copyStored() error {
	for r.stored > 0 && r.pos < full {
		r.read(1)
		n := copy(r.out[r.pos:full], r.in[r.inPos:min(r.inEnd, r.inPos+r.stored)])
		if n == 0 {
			return r.truncated()
		}
		r.inPos += n
		r.pos += n
		r.stored -= n
	}
	if r.stored == 0 {
		r.phase = atBlock
	}
	return nil
}

// fixedBlock prepares for the code that needs no description.
func (r *Reader) fixedBlock() {
	t := &r.tables
	if !r.ready {
		lengths := r.lengths[:maxFixed]
		for i := range lengths {
			switch {
			case i < 144, i >= 280:
				lengths[i] = 8
			case i < 256:
				lengths[i] = 9
			default:
				lengths[i] = 7
			}
		}
		build(t.fixedLit[:], litBits, lengths, literalEntry)
		for i := range maxFixedDistances {
			lengths[i] = 5
		}
		build(t.fixedDist[:], distBits, lengths[:maxFixedDistances], distanceEntry)
		r.ready = true
	}
	t.fixed, r.phase = true, inSymbols
}

// dynamicBlock reads the description of a code, which is itself encoded.
func (r *Reader) dynamicBlock() error {
	if r.blocks++; r.blocks > fewBlocks+(r.behind+r.inPos)/meanBlock {
		return ErrBlocks
	}
	v, err := r.take(14)
	if err != nil {
		return err
	}
	literals, distances, codes := int(v&31)+257, int(v>>5&31)+1, int(v>>10)+4
	if literals > maxLiterals || distances > maxDistances {
		return ErrCorrupt
	}
	if err := r.codeLengths(codes); err != nil {
		return err
	}
	t := &r.tables
	lengths := r.lengths[:literals+distances]
	if err := r.unpack(lengths); err != nil {
		return err
	}
	if !build(t.lit[:], litBits, lengths[:literals], literalEntry) ||
		!build(t.dist[:], distBits, lengths[literals:], distanceEntry) {
		return ErrCorrupt
	}
	t.fixed, r.phase = false, inSymbols
	return nil
}

// codeLengths reads the code that the other code lengths are written in.
func (r *Reader) codeLengths(n int) error {
	var lengths [maxCodes]uint8
	places := [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	for _, place := range places[:n] {
		v, err := r.take(3)
		if err != nil {
			return err
		}
		lengths[place] = uint8(v)
	}
	if !build(r.tables.order[:], codeBits, lengths[:], plainEntry) {
		return ErrCorrupt
	}
	return nil
}

// unpack reads as many code lengths as there is room for.
func (r *Reader) unpack(lengths []uint8) error {
	for i := 0; i < len(lengths); {
		if r.nbits < codeBits+7 {
			if err := r.refill(); err != nil {
				return err
			}
		}
		e := r.tables.order[r.bits&(codeSize-1)]
		if e.is(invalid) {
			return ErrCorrupt
		}
		r.bits >>= e.takes()
		if r.nbits -= int(e.takes()); r.nbits < 0 {
			return r.truncated()
		}
		value := e.value()
		if value < 16 {
			lengths[i] = uint8(value)
			i++
			continue
		}
		repeat := [3]struct{ least, bits int }{{3, 2}, {3, 3}, {11, 7}}[value-16]
		more, err := r.take(repeat.bits)
		if err != nil {
			return err
		}
		var length uint8
		if value == 16 {
			if i == 0 {
				return ErrCorrupt
			}
			length = lengths[i-1]
		}
		end := i + repeat.least + int(more)
		if end > len(lengths) {
			return ErrCorrupt
		}
		for ; i < end; i++ {
			lengths[i] = length
		}
	}
	return nil
}
