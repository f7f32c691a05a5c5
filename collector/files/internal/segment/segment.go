// Package segment is the index's unit: some thousand rows in one block of bytes,
// which is searched in place and without allocations.
//
// A row has a time, a reference, a set of terms to find it by, and a payload.
// Terms are kept once in a sorted dictionary, sets of terms once as lists of
// numbers, since most rows share theirs with others. Each term has a list of the
// sets that hold it. A search for a term that is not in the dictionary ends there.
// Otherwise it reads the shortest of the lists, and then, if some sets match, the
// rows, a number each. So the worst search costs some nanoseconds for each row,
// however many different values a label has.
//
// The layout, all numbers little-endian:
//
//	magic, checksum of the rest        4 + 4
//	rows, sets, terms, members         4 each
//	first and last time                8 each
//	extra                              8, the caller's
//	times                              8 * rows
//	references                         8 * rows
//	ends of the payloads               4 * rows
//	ends of the sets                   4 * sets
//	ends of the terms                  4 * terms
//	ends of the terms' lists of sets   4 * terms
//	sets of the rows                   w * rows
//	members of the sets                w * members
//	the terms' lists of sets           w * members
//	terms, payloads                    as the ends say
//
// The width w of a set's or a term's number is 2 where that is enough, else 4.
package segment

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"sort"
)

// A Row is a result of a search.
type Row struct {
	// At is the time of the row in nanoseconds since 1970.
	At int64
	// Ref is the caller's.
	Ref uint64
	// Terms are the terms that find the row, in any order.
	Terms []string
	// Payload is the caller's.
	Payload []byte
}

// A Query selects the rows that hold all terms and fit all matches, and whose time is
// at least From and below To.
type Query struct {
	From, To int64
	Terms    []string
	Match    []Match
}

// A Match selects the rows that have a term with a prefix that fits, or if Every is set,
// those of which every such term fits. Fits is given the rest of the term, or "" if there
// is none.
type Match struct {
	Prefix string
	Fits   func(rest string) bool
	Every  bool
}

// Everything is the query that selects all rows.
func Everything() Query { return Query{From: math.MinInt64, To: math.MaxInt64} }

const (
	magic      = 0x31534c48 // "HLS1"
	headerSize = 48
)

// ErrDamaged is returned by [Open] for bytes that [Build] has not made.
var ErrDamaged = errors.New("index segment is damaged")

func castagnoli(p []byte) uint32 { return crc32.Checksum(p, crc32.MakeTable(crc32.Castagnoli)) }

// A Segment is a view of bytes that [Build] has made. It never changes, and is
// valid as long as the bytes are.
type Segment struct {
	rows, sets, terms int
	first, last       int64
	extra             uint64
	width             int // of the numbers in the second line

	times, refs, payloadEnds, setEnds, termEnds, listEnds []byte
	setOf, members, lists                                 []byte
	termBytes, payloads                                   []byte
}

// widthFor returns the bytes that the numbers of that many sets and terms need.
func widthFor(sets, terms int) int {
	if max(sets, terms) <= 1<<16 {
		return 2
	}
	return 4
}

// Open returns a view of raw. It reads the header only; [Verify] checks all.
func Open(raw []byte) (*Segment, error) {
	if len(raw) < headerSize || binary.LittleEndian.Uint32(raw) != magic {
		return nil, ErrDamaged
	}
	s := &Segment{
		rows: int(u32(raw, 2)), sets: int(u32(raw, 3)), terms: int(u32(raw, 4)),
		first: i64(raw[24:], 0), last: i64(raw[24:], 1), extra: binary.LittleEndian.Uint64(raw[40:]),
	}
	rest, ok := raw[headerSize:], true
	take := func(n int) (part []byte) {
		if n < 0 || n > len(rest) {
			ok = false
			return nil
		}
		part, rest = rest[:n], rest[n:]
		return part
	}
	members := int(u32(raw, 5))
	s.width = widthFor(s.sets, s.terms)
	s.times, s.refs = take(8*s.rows), take(8*s.rows)
	s.payloadEnds, s.setEnds = take(4*s.rows), take(4*s.sets)
	s.termEnds, s.listEnds = take(4*s.terms), take(4*s.terms)
	s.setOf, s.members, s.lists = take(s.width*s.rows), take(s.width*members), take(s.width*members)
	if !ok {
		return nil, ErrDamaged
	}
	if s.terms > 0 {
		s.termBytes = take(int(u32(s.termEnds, s.terms-1)))
	}
	s.payloads = rest
	if !ok {
		return nil, ErrDamaged
	}
	return s, nil
}

// Verify reports whether the checksum of raw is right.
func Verify(raw []byte) bool {
	return len(raw) >= headerSize && binary.LittleEndian.Uint32(raw) == magic &&
		u32(raw, 1) == castagnoli(raw[8:])
}

// Rows is the number of rows.
func (s *Segment) Rows() int { return s.rows }

// Span returns the times of the first row and the last one.
func (s *Segment) Span() (first, last int64) { return s.first, s.last }

// Extra is the number that was given to [Build].
func (s *Segment) Extra() uint64 { return s.extra }

// At is the time of a row.
func (s *Segment) At(row int) int64 { return i64(s.times, row) }

// Ref is the reference of a row.
func (s *Segment) Ref(row int) uint64 { return binary.LittleEndian.Uint64(s.refs[8*row:]) }

// Payload is the payload of a row. It is not a copy.
func (s *Segment) Payload(row int) []byte {
	return span(s.payloads, s.payloadEnds, row)
}

// Terms appends the terms of a row to dst, sorted.
func (s *Segment) Terms(dst []string, row int) []string {
	members := s.set(s.number(s.setOf, row))
	for i := range len(members) / s.width {
		dst = append(dst, string(s.term(s.number(members, i))))
	}
	return dst
}

// TermWith returns the first term of a row that begins with prefix, without the
// prefix, or "".
func (s *Segment) TermWith(row int, prefix string) string {
	rest, _ := s.SetTerm(s.SetOf(row), prefix)
	return rest
}

// Sets is the number of different sets of terms.
func (s *Segment) Sets() int { return s.sets }

// SetOf is the number of a row's set of terms.
func (s *Segment) SetOf(row int) int { return s.number(s.setOf, row) }

// SetTerm returns the first term of a set that begins with prefix, without the prefix.
func (s *Segment) SetTerm(set int, prefix string) (rest string, ok bool) {
	members := s.set(set)
	for i := range len(members) / s.width {
		if t := s.term(s.number(members, i)); len(t) >= len(prefix) && string(t[:len(prefix)]) == prefix {
			return string(t[len(prefix):]), true
		}
	}
	return "", false
}

// Range returns the numbers of the terms that begin with prefix: from begin, below end.
func (s *Segment) Range(prefix string) (begin, end int) {
	begin = sort.Search(s.terms, func(i int) bool { return string(s.term(i)) >= prefix })
	end = begin + sort.Search(s.terms-begin, func(i int) bool {
		t := s.term(begin + i)
		return len(t) < len(prefix) || string(t[:len(prefix)]) != prefix
	})
	return begin, end
}

// Member returns the first term of a set within a range, or -1.
func (s *Segment) Member(set, begin, end int) int {
	members := s.set(set)
	for i := range len(members) / s.width {
		if n := s.number(members, i); n >= begin {
			if n < end {
				return n
			}
			break
		}
	}
	return -1
}

// Term returns a term by its number. It is not a copy.
func (s *Segment) Term(n int) []byte { return s.term(n) }

// Held reports whether one of these sets has a term.
func (s *Segment) Held(term int, sets []bool) bool {
	list := s.holders(term)
	for i := range len(list) / s.width {
		if sets[s.number(list, i)] {
			return true
		}
	}
	return false
}

// number returns the i-th of numbers that are width bytes wide.
func (s *Segment) number(p []byte, i int) int {
	if s.width == 2 {
		return int(binary.LittleEndian.Uint16(p[2*i:]))
	}
	return int(u32(p, i))
}

// set returns the members of a set, ascending.
func (s *Segment) set(i int) []byte { return s.numbers(s.members, s.setEnds, i) }

// holders returns the sets that hold a term, ascending.
func (s *Segment) holders(term int) []byte { return s.numbers(s.lists, s.listEnds, term) }

func (s *Segment) term(i int) []byte { return span(s.termBytes, s.termEnds, i) }

// numbers returns the i-th of some adjacent lists of numbers.
func (s *Segment) numbers(lists, ends []byte, i int) []byte {
	begin := 0
	if i > 0 {
		begin = int(u32(ends, i-1))
	}
	return lists[s.width*begin : s.width*int(u32(ends, i))]
}

// span returns the i-th of some adjacent pieces.
func span(pieces, ends []byte, i int) []byte {
	begin := 0
	if i > 0 {
		begin = int(u32(ends, i-1))
	}
	return pieces[begin:u32(ends, i)]
}

func u32(p []byte, i int) uint32 { return binary.LittleEndian.Uint32(p[4*i:]) }

func i64(p []byte, i int) int64 { return int64(binary.LittleEndian.Uint64(p[8*i:])) }
