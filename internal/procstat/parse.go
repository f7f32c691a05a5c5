package procstat

import (
	"bytes"
	"errors"
	"math"
)

var (
	errStatm = errors.New("statm has no numbers of pages")
	errShmem = errors.New("status has no RssShmem")
	errStat  = errors.New("stat has no number of threads")
	errAvail = errors.New("meminfo has no MemAvailable")
)

// pages are the fields of /proc/self/statm that are used.
type pages struct{ size, resident, shared, data uint64 }

// parsePages parses /proc/self/statm: "size resident shared text lib data dt", in pages.
func parsePages(line []byte) (p pages, err error) {
	for _, to := range []*uint64{&p.size, &p.resident, &p.shared, nil, nil, &p.data} {
		field, rest, more := bytes.Cut(line, []byte{' '})
		n, ok := number(field)
		if !ok || !more {
			return pages{}, errStatm
		}
		if line = rest; to != nil {
			*to = n
		}
	}
	return p, nil
}

// sharedMemory takes the line "RssShmem:	     1024 kB" from /proc/self/status, which Linux has since 4.5.
func sharedMemory(text []byte) (uint64, error) {
	return kilobytes(text, "RssShmem:", errShmem)
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

// memAvailable takes the line "MemAvailable:   24041234 kB" from the beginning of /proc/meminfo.
func memAvailable(text []byte) (uint64, error) {
	return kilobytes(text, "MemAvailable:", errAvail)
}

// kilobytes takes the bytes of the line that begins with the name.
func kilobytes(text []byte, name string, missing error) (uint64, error) {
	for len(text) > 0 {
		line, rest, ended := bytes.Cut(text, []byte{'\n'})
		text = rest
		if !ended || len(line) < len(name) || string(line[:len(name)]) != name {
			continue
		}
		digits, unit := bytes.CutSuffix(line[len(name):], []byte(" kB"))
		if n, ok := number(bytes.TrimLeft(digits, " \t")); ok && unit && n < 1<<54 {
			return n << 10, nil
		}
	}
	return 0, missing
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
