package pproftrim

import "encoding/binary"

// A choice is the part of a profile that is kept: all, or some samples and what
// they refer to.
type choice struct {
	p   *profile
	all bool

	samples   []bool
	count     int
	locations map[uint64]bool
	functions map[uint64]bool
	strings   []bool
	size      int // the bytes of all that, "other" included
}

// newChoice returns the choice of no samples.
func newChoice(p *profile) *choice {
	k := &choice{
		p: p, samples: make([]bool, len(p.samples)), strings: make([]bool, len(p.strings)),
		locations: map[uint64]bool{}, functions: map[uint64]bool{},
		size: p.fixed + timeSize + 2*len(p.strings) + p.otherSize(),
	}
	k.add(k.text(p.always))
	return k
}

// An addition is the growth of a choice by a sample.
type addition struct {
	place     int // of the sample, -1 for none
	locations []uint64
	functions []uint64
	strings   []uint64
	size      int
}

// with returns what a sample adds: itself, and the parts that the choice lacks. A
// part that two of its frames share counts twice.
func (k *choice) with(place int) (addition, error) {
	var s sample
	if err := s.read(k.p, place); err != nil {
		return addition{}, err
	}
	a := k.text(s.strings)
	a.place = place
	a.size += k.p.samples[place].size()
	for _, id := range s.locations {
		if k.locations[id] {
			continue
		}
		a.locations = append(a.locations, id)
		a.size += k.p.locations[id].size()
		calls, err := k.p.calls(id)
		if err != nil {
			return a, err
		}
		for _, id := range calls {
			if err := k.function(&a, id); err != nil {
				return a, err
			}
		}
	}
	return a, nil
}

func (k *choice) function(to *addition, id uint64) error {
	if k.functions[id] {
		return nil
	}
	names, err := k.p.names(id)
	text := k.text(names)
	to.functions = append(to.functions, id)
	to.strings = append(to.strings, text.strings...)
	to.size += k.p.functions[id].size() + text.size
	return err
}

// text returns what strings add, beyond the two bytes that each takes anyway.
func (k *choice) text(names []uint64) addition {
	a := addition{place: -1}
	for _, n := range names {
		if n >= uint64(len(k.strings)) || k.strings[n] {
			continue
		}
		length := len(k.p.body(k.p.strings[n]))
		a.size += length + len(binary.AppendUvarint(nil, uint64(length))) - 1
		a.strings = append(a.strings, n)
	}
	return a
}

// add takes what with or text has returned.
func (k *choice) add(a addition) {
	if a.place >= 0 {
		k.samples[a.place] = true
		k.count++
	}
	for _, id := range a.locations {
		k.locations[id] = true
	}
	for _, id := range a.functions {
		k.functions[id] = true
	}
	for _, n := range a.strings {
		k.strings[n] = true
	}
	k.size += a.size
}
