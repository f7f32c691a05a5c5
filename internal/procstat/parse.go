package procstat

import (
	"bytes"
	"errors"
	"math"
)

var (
	errStatm = errors.New("statm has no number of resident pages")
	errStat  = errors.New("stat has no number of threads")
)

// residentPages takes the second field of /proc/self/statm: "size resident shared text lib data dt", in pages.
func residentPages(line []byte) (uint64, error) {
	_, rest, _ := bytes.Cut(line, []byte{' '})
	field, _, more := bytes.Cut(rest, []byte{' '})
	n, ok := number(field)
	if !ok || !more {
		return 0, errStatm
	}
	return n, nil
}

// threadCount takes num_threads, the 20th field, from /proc/self/stat. The second field is the name of the program in
// parentheses, which may itself contain spaces and parentheses: fields are counted from the last one that closes.
func threadCount(line []byte) (int, error) {
	rest := line[bytes.LastIndexByte(line, ')')+1:]
	if len(rest) == len(line) {
		return 0, errStat
	}
	for range 18 { // the blank before the third field, and the 17 fields up to the 19th
		_, rest, _ = bytes.Cut(rest, []byte{' '})
	}
	field, _, more := bytes.Cut(rest, []byte{' '})
	n, ok := number(field)
	if !ok || !more || n > math.MaxInt32 {
		return 0, errStat
	}
	return int(n), nil
}

// number parses digits only. strconv would need a string, and accept signs.
func number(digits []byte) (n uint64, ok bool) {
	for _, c := range digits {
		if c < '0' || c > '9' || n > math.MaxUint64/10-1 {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, len(digits) > 0
}
