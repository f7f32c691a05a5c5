package safepprof

import "slices"

// The strings of a profile come after the numbers that refer to them, or before
// them. The names of sample types are among the first in the profiles of all
// writers: these are kept. Of a later one the number must come first.
const (
	keptNames = 256
	keptName  = 64 // bytes of one that is kept
	lateNames = 16
)

type names struct {
	n     int // strings seen
	text  [keptNames * keptName]byte
	sizes [keptNames]uint8

	wanted [lateNames]uint64 // numbers beyond the first, that were referred to
	late   [lateNames]string
	nlate  int
}

func (t *names) reset() { t.n, t.nlate = 0, 0 }

// add takes the next string. One that is too long to be kept is cut.
func (t *names) add(s []byte) {
	if t.n < keptNames {
		size := copy(t.text[t.n*keptName:][:keptName], s)
		t.sizes[t.n] = uint8(size)
	}
	for i, number := range t.wanted[:t.nlate] {
		if number == uint64(t.n) {
			t.late[i] = string(s[:min(len(s), keptName)])
		}
	}
	t.n++
}

// want says that the string of a number will be asked for. It is false when that
// is too much to remember.
func (t *names) want(number uint64) bool {
	if number < keptNames {
		return true
	}
	if slices.Contains(t.wanted[:t.nlate], number) {
		return true
	}
	if t.nlate == lateNames {
		return false
	}
	t.wanted[t.nlate], t.late[t.nlate] = number, ""
	t.nlate++
	return true
}

// get returns a string by its number, at most 64 bytes of it.
func (t *names) get(number uint64) string {
	if number < uint64(min(t.n, keptNames)) {
		return string(t.text[number*keptName:][:t.sizes[number]])
	}
	for i, known := range t.wanted[:t.nlate] {
		if known == number {
			return t.late[i]
		}
	}
	return ""
}
