package safepprof

import (
	"encoding/binary"
	"errors"

	"github.com/go-holmes/holmes/collector/safepprof/wire"
)

// glanced is how much of a profile a glance does not look into, in inflated
// bytes: more than most profiles have. Whatever is in them, decoding them takes
// less than 128 MiB.
const glanced = 512 << 10

// passOver goes to the next field that is to be looked at, past samples,
// mappings, locations, functions, and strings that nobody asks for. It reports
// whether it has moved.
func (s *scan) passOver() bool {
	var count [wire.ProfileString + 1]int
	chunk, pos := s.chunk, s.pos
	end := len(chunk) - 3
	if left := glanced - s.before; left < int64(end) {
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
		if chunk[pos]&7 != wire.Bytes || field < wire.ProfileSample || field > wire.ProfileString ||
			field == wire.ProfileString && !strings || next > len(chunk) {
			break
		}
		count[field]++
		pos = next
	}
	s.samples += count[wire.ProfileSample]
	s.passed += count[wire.ProfileSample]
	s.mappings += count[wire.ProfileMapping]
	s.names.n += count[wire.ProfileString]
	moved := pos > s.pos
	s.pos = pos
	return moved
}

// glimpsed is how much of a large CPU profile is looked at at all, in inflated
// bytes. Inflating is most of what a look costs, and the strings that say what a
// profile is come last, so that every other profile is inflated to its end.
const glimpsed = 64 << 10

var (
	// errEnough ends a look at a CPU profile of which enough was seen.
	errEnough = errors.New("enough was seen")
	// errUnclear says that a glimpse was not enough after all.
	errUnclear = errors.New("all of it must be looked at")
)

// headOfCPU reports whether a profile begins as the CPU profiles of Go programs do,
// and none of their others: when it was begun, two columns, and that what passes
// from one sample to the next is measured in the second one. For mutexes and
// blocks it is the first one; a heap has four columns, goroutines have one.
func (s *scan) headOfCPU() bool {
	return s.nanos > 0 && s.ntypes == 2 && s.samples == 0 && s.names.n == 0 &&
		s.types[0] != s.types[1] && s.periodType == s.types[1] && s.types[1] != valueType{}
}

// glimpse receives what is not looked at, and holds its end against its size. The
// trailer of gzip says how much there is; that of a profile which was cut off is
// any number, and very few of them could be meant.
func (s *scan) glimpse() error {
	if err := s.body.drain(s.plain[:]); err != nil {
		return err
	}
	if s.ntypes != 2 || s.names.n > 0 {
		return errUnclear
	}
	s.glimpsed = int64(binary.LittleEndian.Uint32(s.body.tail[4:]))
	left, body := s.glimpsed-s.offset(), s.body.n-s.zip.Taken()-int64(len(s.body.tail))
	if s.glimpsed > s.limit || body < 0 || left < body-body/100-64 || left > glimpseRatio*(body+64) {
		return errUnclear
	}
	return nil
}

// glimpseRatio is how often what is not looked at may inflate to itself.
const glimpseRatio = 32
