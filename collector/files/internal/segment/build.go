package segment

import (
	"encoding/binary"
	"math"
	"slices"
)

// Build returns the segment of the rows, which keep their order. Extra is a number
// of the caller that can be read without the rows.
func Build(rows []Row, extra uint64) []byte {
	b := builder{numbers: map[string]int{}, setNumbers: map[string]int{}}
	b.dictionary(rows)
	for i := range rows {
		b.row(&rows[i])
	}
	return b.bytes(rows, extra)
}

type builder struct {
	terms   []string       // sorted
	numbers map[string]int // of the terms
	holders [][]int        // of each term: the sets

	sets       [][]int
	setNumbers map[string]int // of the sets, by their members' bytes
	members    int            // of all sets
	setOf      []int          // of each row
	payload    int            // bytes of all rows
}

// dictionary numbers all terms in sorted order.
func (b *builder) dictionary(rows []Row) {
	for i := range rows {
		for _, t := range rows[i].Terms {
			if _, ok := b.numbers[t]; !ok {
				b.numbers[t] = 0
				b.terms = append(b.terms, t)
			}
		}
	}
	slices.Sort(b.terms)
	for i, t := range b.terms {
		b.numbers[t] = i
	}
	b.holders = make([][]int, len(b.terms))
}

// row finds the set of a row, or makes it.
func (b *builder) row(r *Row) {
	members := make([]int, 0, len(r.Terms))
	for _, t := range r.Terms {
		members = append(members, b.numbers[t])
	}
	slices.Sort(members)
	members = slices.Compact(members)
	var name []byte
	for _, n := range members {
		name = binary.LittleEndian.AppendUint32(name, uint32(n))
	}
	set, ok := b.setNumbers[string(name)]
	if !ok {
		set = len(b.sets)
		b.setNumbers[string(name)] = set
		b.sets = append(b.sets, members)
		b.members += len(members)
		for _, n := range members {
			b.holders[n] = append(b.holders[n], set)
		}
	}
	b.setOf = append(b.setOf, set)
	b.payload += len(r.Payload)
}

// bytes puts everything together, in the order of the layout.
func (b *builder) bytes(rows []Row, extra uint64) []byte {
	out := b.header(rows, extra)
	le := binary.LittleEndian
	for i := range rows {
		out = le.AppendUint64(out, uint64(rows[i].At))
	}
	for i := range rows {
		out = le.AppendUint64(out, rows[i].Ref)
	}
	out = appendEnds(out, rows, func(r Row) int { return len(r.Payload) })
	out = appendEnds(out, b.sets, func(set []int) int { return len(set) })
	out = appendEnds(out, b.terms, func(t string) int { return len(t) })
	out = appendEnds(out, b.holders, func(list []int) int { return len(list) })
	width := widthFor(len(b.sets), len(b.terms))
	out = appendNumbers(out, width, b.setOf)
	out = appendNumbers(out, width, b.sets...)
	out = appendNumbers(out, width, b.holders...)
	for _, t := range b.terms {
		out = append(out, t...)
	}
	for i := range rows {
		out = append(out, rows[i].Payload...)
	}
	le.PutUint32(out, magic)
	le.PutUint32(out[4:], castagnoli(out[8:]))
	return out
}

func (b *builder) header(rows []Row, extra uint64) []byte {
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for i := range rows {
		first, last = min(first, rows[i].At), max(last, rows[i].At)
	}
	le := binary.LittleEndian
	out := make([]byte, 8, headerSize+24*len(rows)+8*b.members+b.payload)
	for _, n := range [...]int{len(rows), len(b.sets), len(b.terms), b.members} {
		out = le.AppendUint32(out, uint32(n))
	}
	out = le.AppendUint64(out, uint64(first))
	out = le.AppendUint64(out, uint64(last))
	return le.AppendUint64(out, extra)
}

// appendEnds appends the end of each of some adjacent pieces.
func appendEnds[T any](out []byte, pieces []T, size func(T) int) []byte {
	end := 0
	for _, p := range pieces {
		end += size(p)
		out = binary.LittleEndian.AppendUint32(out, uint32(end))
	}
	return out
}

func appendNumbers(out []byte, width int, lists ...[]int) []byte {
	for _, list := range lists {
		for _, n := range list {
			if width == 2 {
				out = binary.LittleEndian.AppendUint16(out, uint16(n))
			} else {
				out = binary.LittleEndian.AppendUint32(out, uint32(n))
			}
		}
	}
	return out
}
