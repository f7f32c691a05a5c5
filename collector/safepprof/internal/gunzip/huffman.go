package gunzip

import "math/bits"

const (
	maxLiterals       = 286
	maxDistances      = 30
	maxFixed          = 288 // the fixed code has two symbols that mean nothing
	maxFixedDistances = 32
	maxCodes          = 19 // of code lengths
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

// An entry says what a code means: bits 0 to 5 how many bits it takes together with
// the extra bits that follow it, 8 to 11 how many of these are its own, 12 to 15
// its kind, and 16 to 31 the literal, or what the extra bits are added to. That of
// a longer code takes the bits of the first look; 8 to 11 are how many the second
// one is at, and 16 to 31 where its table begins.
type entry uint32

const (
	literal entry = 1 << (12 + iota) // a byte
	pointer                          // to the second table
	end                              // of the block
	invalid                          // no symbol
)

func (e entry) is(kind entry) bool { return e&kind != 0 }

// takes is how many bits are used up, the extra ones too.
func (e entry) takes() uint { return uint(e & 63) }

// own is how many bits the code takes without them, or what is in this place.
func (e entry) own() uint { return uint(e >> 8 & 15) }

// value is what does not depend on the extra bits.
func (e entry) value() uint { return uint(e >> 16) }

// number is the value and the extra bits, where the bits that come next are the code's.
func (e entry) number(next uint64) uint {
	return e.value() + uint(next&(1<<e.takes()-1)>>e.own())
}

// of is e when its code has so many bits.
func (e entry) of(length int) entry { return e + entry(length)<<8 + entry(length) }

// makeEntry is that of a code of no bits.
func makeEntry(value, extra int) entry { return entry(value)<<16 | entry(extra) }

func plainEntry(symbol int) entry { return makeEntry(symbol, 0) }

func literalEntry(symbol int) entry {
	switch {
	case symbol < 256:
		return literal | makeEntry(symbol, 0)
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
//
// Codes are entered by length, the shorter ones first. A table of so many bits
// becomes one of one bit more by being repeated, whereupon what it says of the
// codes that it has is right again.
func build(table []entry, first int, lengths []uint8, meaning func(symbol int) entry) bool {
	var count, from [maxLength + 1]int
	for _, n := range lengths {
		count[n]++
	}
	count[0] = 0
	sum, longest, symbols := 0, 0, 0
	for n := 1; n <= maxLength; n++ {
		from[n] = symbols
		symbols += count[n]
		sum = sum<<1 + count[n]
		if count[n] > 0 {
			longest = n
		}
	}
	table[0] = 0 // no second table yet
	if sum != 1<<maxLength {
		if longest > 1 || longest == 1 && sum != 1<<(maxLength-1) {
			return false
		}
		table[0] = invalid
	}
	var byLength [maxFixed]uint16
	for symbol, n := range lengths {
		if n > 0 {
			byLength[from[n]] = uint16(symbol)
			from[n]++
		}
	}
	t := filler{table: table, first: first, second: max(longest-first, 0), used: 1 << first}
	code, left := 0, byLength[:symbols]
	for n := 1; n <= max(longest, first); n++ {
		if n <= first {
			copy(table[1<<(n-1):1<<n], table)
		}
		for _, symbol := range left[:count[n]] {
			if e := meaning(int(symbol)); n <= first {
				table[code] = e.of(n)
			} else {
				t.fill(code, n, e)
			}
			code = following(code, n)
		}
		left = left[count[n]:]
	}
	return true
}

// following is the code after another one of so many bits, both as they come in
// the stream, the first bit lowest: adding one begins with the last.
func following(code, length int) int {
	ones := 1<<length - 1
	if code == ones {
		return 0 // there is none
	}
	top := 1 << (bits.Len(uint(code^ones)) - 1)
	return code&(top-1) | top
}

type filler struct {
	table         []entry
	first, second int // how many bits are looked at
	used          int // entries, second tables and all
}

// fill enters a code that is longer than the first look wherever in its second
// table its bits are followed by any others.
func (t *filler) fill(code, length int, e entry) {
	to := &t.table[code&(1<<t.first-1)]
	if !to.is(pointer) {
		*to = pointer | makeEntry(t.used, t.first) | entry(t.second)<<8
		t.used += 1 << t.second
	}
	rest := length - t.first
	e = e.of(rest)
	second := t.table[to.value():][:1<<t.second]
	for i := code >> t.first; i < len(second); i += 1 << rest {
		second[i] = e
	}
}
