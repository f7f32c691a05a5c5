package gunzip

import "math/bits"

const (
	maxLiterals       = 286
	maxDistances      = 30
	maxFixed          = 288 // the fixed code has two symbols that mean nothing
	maxFixedDistances = 32
	maxLength         = 15 // of a code, in bits

	// The first look into a table is at so many bits. Longer codes need a second
	// one, into a table of their own: at most half as many as there are symbols,
	// since a code is complete.
	litBits  = 11
	litSize  = 1<<litBits + maxFixed/2<<(maxLength-litBits)
	distBits = 8
	distSize = 1<<distBits + maxFixedDistances/2<<(maxLength-distBits)
	codeBits = 7 // of code lengths, never longer
	codeSize = 1 << codeBits
)

// An entry says what a code means: bits 0 to 3 its length, 4 to 7 how many extra
// bits follow, 8 to 12 its kind, and 16 to 31 the literal, or what the extra bits
// are added to. That of a longer code has the bits of its second table there, and
// where the table begins.
type entry uint32

const (
	literal entry = 1 << (8 + iota) // a byte
	pointer                         // to the second table
	end                             // of the block
	invalid                         // no symbol
)

func (e entry) is(kind entry) bool { return e&kind != 0 }
func (e entry) length() uint       { return uint(e & 15) }
func (e entry) extra() uint        { return uint(e >> 4 & 15) }
func (e entry) value() int         { return int(e >> 16) }

func makeEntry(value, extra int) entry { return entry(value)<<16 | entry(extra)<<4 }

func plainEntry(symbol int) entry { return makeEntry(symbol, 0) }

func literalEntry(symbol int) entry {
	switch {
	case symbol < 256:
		return literal | makeEntry(symbol, 1)
	case symbol == 256:
		return end
	case symbol < 265:
		return makeEntry(symbol-257+3, 0)
	case symbol < 285:
		extra := (symbol - 261) / 4
		return makeEntry((4+(symbol-261)%4)<<extra+3, extra)
	case symbol == 285:
		return makeEntry(maxMatch, 0)
	}
	return invalid
}

func distanceEntry(symbol int) entry {
	switch {
	case symbol < 4:
		return makeEntry(symbol+1, 0)
	case symbol < maxDistances:
		extra := symbol/2 - 1
		return makeEntry((2+symbol%2)<<extra+1, extra)
	}
	return invalid
}

// build fills a table whose first look is at so many bits. It is false when the
// lengths are not those of a complete code; as in zlib, no code at all and a
// single one of one bit pass, and what they leave open is invalid.
func build(table []entry, first int, lengths []uint8, meaning func(symbol int) entry) bool {
	var count, next [maxLength + 1]int
	for _, n := range lengths {
		count[n]++
	}
	count[0] = 0
	sum, longest := 0, 0
	for n := 1; n <= maxLength; n++ {
		sum <<= 1
		next[n] = sum
		if count[n] > 0 {
			sum += count[n]
			longest = n
		}
	}
	if sum != 1<<maxLength {
		if longest > 1 || longest == 1 && sum != 1<<(maxLength-1) {
			return false
		}
		for i := range table[:1<<first] {
			table[i] = invalid
		}
	}
	t := filler{table: table, first: first, second: max(longest-first, 0), used: 1 << first}
	if t.second > 0 {
		clear(table[:1<<first]) // no second tables yet
	}
	for symbol, n := range lengths {
		if n == 0 {
			continue
		}
		t.fill(reversed(next[n], int(n)), int(n), meaning(symbol)|entry(n))
		next[n]++
	}
	return true
}

// reversed is a code as it comes in the stream, its first bit lowest.
func reversed(code, length int) int {
	return int(bits.Reverse16(uint16(code)) >> (16 - length))
}

type filler struct {
	table         []entry
	first, second int // how many bits are looked at
	used          int // entries, second tables and all
}

// fill enters a code wherever its bits are followed by any others.
func (t *filler) fill(code, length int, e entry) {
	if length <= t.first {
		for i := code; i < 1<<t.first; i += 1 << length {
			t.table[i] = e
		}
		return
	}
	to := &t.table[code&(1<<t.first-1)]
	if !to.is(pointer) {
		*to = pointer | makeEntry(t.used, t.second) | entry(t.first)
		t.used += 1 << t.second
	}
	rest := length - t.first
	e = e&^15 | entry(rest)
	second := t.table[to.value():][:1<<t.second]
	for i := code >> t.first; i < len(second); i += 1 << rest {
		second[i] = e
	}
}

// pair makes one entry of two literals wherever the bits of a first look tell
// both. From the last entry down, since what follows the first literal is
// looked up further up, and must not be a pair yet.
func pair(table []entry) {
	for i := len(table) - 1; i >= 0; i-- {
		e := table[i]
		next := table[i>>e.length()]
		if n := e.length() + next.length(); e&next&literal != 0 && n <= litBits {
			table[i] = literal | makeEntry(e.value()|next.value()<<8, 2) | entry(n)
		}
	}
}
