package cgroup

import (
	"bytes"
	"time"
)

// take parses a pressure file, of which older kernels write only the first line for CPU:
//
//	some avg10=0.18 avg60=0.99 avg300=1.15 total=7022731
//	full avg10=0.00 avg60=0.00 avg300=0.00 total=0
func (p *Pressure) take(text []byte) bool {
	*p = Pressure{}
	found := false
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte{'\n'})
		kind, fields, _ := bytes.Cut(line, []byte{' '})
		switch string(kind) {
		case "some":
			found = p.Some.take(fields)
		case "full":
			found = p.Full.take(fields) && found
		}
	}
	return found
}

func (s *Stall) take(fields []byte) bool {
	found := 0
	for len(fields) > 0 {
		var field []byte
		field, fields, _ = bytes.Cut(fields, []byte{' '})
		name, value, _ := bytes.Cut(field, []byte{'='})
		ok := false
		switch string(name) {
		case "avg10":
			s.Avg10, ok = decimal(value)
		case "avg60":
			s.Avg60, ok = decimal(value)
		case "avg300":
			s.Avg300, ok = decimal(value)
		case "total":
			var n uint64
			n, ok = number(value)
			s.Total = duration(n, time.Microsecond)
		}
		if ok {
			found++
		}
	}
	return found == 4
}

// decimal parses a percentage with two decimals, such as 12.34.
func decimal(text []byte) (float64, bool) {
	whole, part, dot := bytes.Cut(text, []byte{'.'})
	w, ok1 := number(whole)
	p, ok2 := number(part)
	if !dot || !ok1 || !ok2 || len(part) != 2 {
		return 0, false
	}
	return (float64(w)*100 + float64(p)) / 100, true // rounded once, so that 1.39 is not 1.3900000000000001
}
