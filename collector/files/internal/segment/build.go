package segment

import (
	"encoding/binary"
	"math"
	"slices"
)

// Build returns the segment of the rows, which keep their order. Extra is
// whatever the caller wants to know about it without looking inside.
func Build(rows []Row, extra uint64) []byte {
	b := builder{numbers: map[string]uint32{}, setNumbers: map[string]uint32{}}
	b.dictionary(rows)
	for i := range rows {
		b.row(&rows[i])
	}
	return b.bytes(rows, extra)
}

type builder struct {
	terms   []string
	numbers map[string]uint32 // of the terms

	setNumbers                           map[string]uint32 // of the sets, by their members' bytes
	setEnds, members, setOf, payloadEnds []byte
	sets, payload                        int
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
		b.numbers[t] = uint32(i)
	}
}

func (b *builder) row(r *Row) {
	var numbers []uint32
	for _, t := range r.Terms {
		numbers = append(numbers, b.numbers[t])
	}
	slices.Sort(numbers)
	var members []byte
	for _, n := range slices.Compact(numbers) {
		members = binary.LittleEndian.AppendUint32(members, n)
	}
	set, ok := b.setNumbers[string(members)]
	if !ok {
		set = uint32(b.sets)
		b.setNumbers[string(members)] = set
		b.sets++
		b.members = append(b.members, members...)
		b.setEnds = binary.LittleEndian.AppendUint32(b.setEnds, uint32(len(b.members)/4))
	}
	b.setOf = binary.LittleEndian.AppendUint32(b.setOf, set)
	b.payload += len(r.Payload)
	b.payloadEnds = binary.LittleEndian.AppendUint32(b.payloadEnds, uint32(b.payload))
}

func (b *builder) bytes(rows []Row, extra uint64) []byte {
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for i := range rows {
		first, last = min(first, rows[i].At), max(last, rows[i].At)
	}
	le := binary.LittleEndian
	out := make([]byte, 8, headerSize+24*len(rows)+len(b.members)+b.payload)
	for _, n := range [...]int{len(rows), b.sets, len(b.terms), len(b.members) / 4} {
		out = le.AppendUint32(out, uint32(n))
	}
	out = le.AppendUint64(out, uint64(first))
	out = le.AppendUint64(out, uint64(last))
	out = le.AppendUint64(out, extra)
	for i := range rows {
		out = le.AppendUint64(out, uint64(rows[i].At))
	}
	for i := range rows {
		out = le.AppendUint64(out, rows[i].Ref)
	}
	out = append(out, b.setOf...)
	out = append(out, b.payloadEnds...)
	out = append(out, b.setEnds...)
	end := 0
	for _, t := range b.terms {
		end += len(t)
		out = le.AppendUint32(out, uint32(end))
	}
	out = append(out, b.members...)
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
