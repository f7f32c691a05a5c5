package cgroup

import (
	"bytes"
	"iter"
	"math"
	"time"
)

// The files of the kernel are short texts of a few forms. The parsers work on bytes, because a string of each value
// would be an allocation.

// complete returns the whole lines of text. The kernel ends every line: text after the last end was cut off, and half a
// number is worse than none.
func complete(text []byte) []byte {
	return text[:bytes.LastIndexByte(text, '\n')+1]
}

// single returns the only line of text without its end, or nothing, which no parser accepts, if there are more.
func single(text []byte) []byte {
	line, rest, ended := bytes.Cut(text, []byte{'\n'})
	if !ended || len(rest) > 0 {
		return nil
	}
	return line
}

// number parses digits and nothing else.
func number(digits []byte) (n uint64, ok bool) {
	for i, c := range digits {
		d := uint64(c) - '0'
		if d > 9 || i >= 19 && n > (math.MaxUint64-d)/10 { // 19 digits always fit
			return 0, false
		}
		n = n*10 + d
	}
	return n, len(digits) > 0
}

// unlimited is where numbers stop being limits: 1 EiB. v1 has no word for "no limit" and shows the largest multiple of
// the page size that fits instead, which differs between machines.
const unlimited = 1 << 60

// limit parses a limit in bytes: "max", -1 and v1's huge numbers give 0, "no limit". A limit of 0 bytes, which can be
// set, gives 1, the smallest limit that is one.
func limit(text []byte) (uint64, bool) {
	line := single(text)
	if string(line) == "max" || string(line) == "-1" {
		return 0, true
	}
	n, ok := number(line)
	if !ok || n >= unlimited {
		return 0, ok
	}
	return max(n, 1), true
}

// pairs yields the lines of the form "name number"; others are skipped.
func pairs(text []byte) iter.Seq2[[]byte, uint64] {
	return func(yield func([]byte, uint64) bool) {
		for len(text) > 0 {
			var line []byte
			line, text, _ = bytes.Cut(text, []byte{'\n'})
			name, value, _ := bytes.Cut(line, []byte{' '})
			if n, ok := number(value); ok && !yield(name, n) {
				return
			}
		}
	}
}

// duration returns n times unit, and the longest duration where that does not fit.
func duration(n uint64, unit time.Duration) time.Duration {
	if n > uint64(math.MaxInt64/unit) {
		return math.MaxInt64
	}
	return time.Duration(n) * unit
}
