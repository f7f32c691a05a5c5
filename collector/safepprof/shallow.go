package safepprof

import "github.com/go-holmes/holmes/internal/protowire"

// unchecked is how much of a profile a shallow check does not look into, in
// inflated bytes: more than most profiles have. Whatever is in them, decoding them
// takes less than 128 MiB.
const unchecked = 512 << 10

// passOver goes to the next field that is to be looked at, past samples,
// mappings, locations, functions, and strings whose text is not needed. It reports
// whether it has moved.
func (s *scan) passOver() bool {
	var count [protowire.ProfileString + 1]int
	chunk, pos := s.chunk, s.pos
	end := len(chunk) - 3
	if left := unchecked - s.before; left < int64(end) {
		end = int(max(left, 0))
	}
	strings := s.names.n >= keptNames && s.names.nlate == 0
	for pos < end {
		field, next := chunk[pos]>>3, pos+2+int(chunk[pos+1])
		if chunk[pos+1] >= 0x80 { // of two bytes, or more: then it is looked at
			next += 1 - 0x80 + int(chunk[pos+2])<<7
			if chunk[pos+2] >= 0x80 {
				break
			}
		}
		if chunk[pos]&7 != protowire.Bytes || field < protowire.ProfileSample || field > protowire.ProfileString ||
			field == protowire.ProfileString && !strings || next > len(chunk) {
			break
		}
		count[field]++
		pos = next
	}
	s.samples += count[protowire.ProfileSample]
	s.passed += count[protowire.ProfileSample]
	s.mappings += count[protowire.ProfileMapping]
	s.names.n += count[protowire.ProfileString]
	moved := pos > s.pos
	s.pos = pos
	return moved
}
