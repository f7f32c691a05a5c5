package merge

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"slices"
)

// stacks are the distinct stacks of a fold and their values. A hundred thousand
// of 25 frames take some 13 MB.
type stacks struct {
	seed    maphash.Seed
	columns int
	frames  []byte   // numbers of locations, 4 bytes each, the innermost first
	list    []stack  // in the order in which they came
	values  []int64  // as many as there are columns for each
	slots   []uint32 // a hash table: place in list + 1
}

type stack struct {
	hash     uint32
	tags     uint32
	from, to uint32 // frames[4*from:4*to]
}

const costStack = 16 + 8 // an entry of list, and its part of slots

// add adds values to a stack, and returns how many bytes more that takes.
func (s *stacks) add(frames []byte, tags uint32, values []int64) int64 {
	if 4*len(s.list) >= 3*len(s.slots) {
		s.grow()
	}
	h := maphash.Bytes(s.seed, frames)
	hash := uint32(h>>32) ^ uint32(h) ^ tags*0x9e3779b1
	mask := uint32(len(s.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		n := s.slots[at]
		if n == 0 {
			s.slots[at] = uint32(len(s.list) + 1)
			from := uint32(len(s.frames) / 4)
			s.frames = append(s.frames, frames...)
			s.list = append(s.list, stack{hash, tags, from, uint32(len(s.frames) / 4)})
			s.values = append(s.values, values...)
			return costStack + int64(len(frames)) + 8*int64(len(values))
		}
		known := &s.list[n-1]
		if known.hash == hash && known.tags == tags && bytes.Equal(s.bytes(known), frames) {
			for i, v := range values {
				to := &s.values[int(n-1)*s.columns+i]
				*to = plus(*to, v)
			}
			return 0
		}
	}
}

func (s *stacks) bytes(k *stack) []byte { return s.frames[4*int(k.from) : 4*int(k.to)] }

// row returns the values of a stack.
func (s *stacks) row(i int) []int64 { return s.values[i*s.columns : (i+1)*s.columns] }

// location returns the number of a frame's location.
func (s *stacks) location(frame uint32) uint32 {
	return binary.LittleEndian.Uint32(s.frames[4*int(frame):])
}

func (s *stacks) grow() {
	s.slots = make([]uint32, max(1024, 2*len(s.slots)))
	mask := uint32(len(s.slots) - 1)
	for i := range s.list {
		at := s.list[i].hash & mask
		for s.slots[at] != 0 {
			at = (at + 1) & mask
		}
		s.slots[at] = uint32(i + 1)
	}
}

// widen makes room for more columns.
func (s *stacks) widen(columns int) {
	wide := make([]int64, len(s.list)*columns)
	for i := range s.list {
		copy(wide[i*columns:], s.row(i))
	}
	s.values, s.columns = wide, columns
}

// scale multiplies each column, and rounds.
func (s *stacks) scale(by []float64) {
	for i := range s.list {
		for c, v := range s.row(i) {
			s.row(i)[c] = round(float64(v) * by[c])
		}
	}
}

// isZero reports whether all values of a stack are 0.
func (s *stacks) isZero(i int) bool {
	return !slices.ContainsFunc(s.row(i), func(v int64) bool { return v != 0 })
}
