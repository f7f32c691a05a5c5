package safepprof

import "github.com/go-holmes/holmes/internal/protowire"

// unchecked is how much of a profile a shallow check does not look into, in
// inflated bytes: more than most profiles have. Whatever is in them, decoding them
// takes less than 128 MiB.
const unchecked = 512 << 10

// passOver goes to the next field that is to be looked at, past samples, of which it
// adds up the values, mappings, locations, functions, and strings whose text is not needed.
func (s *scan) passOver() {
	var count [protowire.ProfileString + 1]int
	ahead := s.Ahead()
	end := min(len(ahead)-3, int(max(unchecked-s.Offset(), 0))) // a small field at the end is looked at
	strings := s.names.n >= keptNames && s.names.nlate == 0
	pos := 0
	for pos < end {
		tag, size, n := protowire.First(ahead[pos:])
		field := tag >> 3
		if n == 0 || tag&7 != protowire.Bytes || field < protowire.ProfileSample || field > protowire.ProfileString ||
			field == protowire.ProfileString && !strings {
			break
		}
		count[field]++
		if field == protowire.ProfileSample {
			s.sum(ahead[pos+n-int(size) : pos+n])
		}
		pos += n
	}
	s.Pass(pos)
	s.samples += count[protowire.ProfileSample]
	s.passed += count[protowire.ProfileSample]
	s.mappings += count[protowire.ProfileMapping]
	s.names.n += count[protowire.ProfileString]
}
