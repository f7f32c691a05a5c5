package pproftrim

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// The fields below a profile that name something by a number.
const (
	sampleLocation = 1
	sampleValue    = 2
	sampleLabel    = 3

	labelKey     = 1
	labelStr     = 2
	labelNumUnit = 4

	valueTypeType = 1
	valueTypeUnit = 2

	mappingFile    = 5
	mappingBuildID = 6

	locationID   = 1 // and a function's
	locationLine = 4

	lineFunction = 1

	functionName       = 2
	functionSystemName = 3
	functionFile       = 4
)

// A profile is where everything is in the bytes that it was given. What is in
// its samples is read when it is needed: to hold it would take several times
// what the profile does.
type profile struct {
	plain     []byte
	strings   []span
	samples   []span
	locations map[uint64]span // by id
	functions map[uint64]span
	columns   int

	always  []uint64 // strings that are named by what is always kept
	fixed   int      // the bytes of what is always kept, but for the strings
	highest uint64   // id of a location or a function
}

// A span is a field of the profile, key and all.
type span struct{ start, end uint32 }

func (s span) size() int { return int(s.end - s.start) }

// body returns what is in a field of bytes.
func (p *profile) body(s span) []byte {
	f, _, err := next(p.plain[s.start:s.end])
	if err != nil {
		return nil // what is nowhere has no body
	}
	return f.body
}

func read(plain []byte) (*profile, error) {
	p := &profile{plain: plain, locations: map[uint64]span{}, functions: map[uint64]span{}}
	for rest := plain; len(rest) > 0; {
		f, after, err := next(rest)
		if err == nil {
			err = p.visit(f, span{uint32(len(plain) - len(rest)), uint32(len(plain) - len(after))})
		}
		if err != nil {
			return nil, err
		}
		rest = after
	}
	if p.highest == math.MaxUint64 {
		return nil, errors.New("no number is free for a location")
	}
	return p, nil
}

func (p *profile) visit(f field, at span) (err error) {
	switch f.number {
	case profileSample, profileLocation, profileFunction, profileString, profileSampleType, profileMapping, profilePeriodType:
		if f.wire != wireBytes {
			return errWireType
		}
	}
	switch f.number {
	case profileSample:
		p.samples = append(p.samples, at)
	case profileLocation:
		err = p.keyed(p.locations, f, at)
	case profileFunction:
		err = p.keyed(p.functions, f, at)
	case profileString:
		p.strings = append(p.strings, at)
	case profileTime:
		// written anew
	default:
		p.fixed += len(f.raw)
		err = p.header(f)
	}
	return err
}

// keyed files a location or a function under its id.
func (p *profile) keyed(table map[uint64]span, f field, at span) error {
	id, err := idOf(f)
	if _, twice := table[id]; twice {
		p.fixed += at.size() // both are kept, or none
	}
	table[id], p.highest = at, max(p.highest, id)
	return err
}

// idOf returns the id of a location or a function: the same field of both.
func idOf(f field) (id uint64, err error) {
	err = each(f.body, func(m field) error {
		if m.number == locationID {
			id = m.value
		}
		return nil
	})
	return id, err
}

// header takes note of the strings that are named by what is always kept.
func (p *profile) header(f field) error {
	named := func(fields ...uint64) error {
		return each(f.body, func(m field) error { return pick(m, &p.always, fields...) })
	}
	switch f.number {
	case profileSampleType:
		p.columns++
		return named(valueTypeType, valueTypeUnit)
	case profilePeriodType:
		return named(valueTypeType, valueTypeUnit)
	case profileMapping:
		return named(mappingFile, mappingBuildID)
	case profileDropFrames, profileKeepFrames, profileComment, profileDefaultSampleType, profileDocURL:
		return f.numbers(func(n uint64) { p.always = append(p.always, n) })
	default:
		return nil
	}
}

// A sample is what is in one.
type sample struct {
	locations []uint64 // ids
	strings   []uint64 // numbers
	values    []int64
}

// read takes the sample at a place, over what it held before.
func (s *sample) read(p *profile, place int) error {
	s.locations, s.strings, s.values = s.locations[:0], s.strings[:0], s.values[:0]
	err := each(p.body(p.samples[place]), func(m field) error {
		switch m.number {
		case sampleLocation:
			return m.numbers(func(n uint64) { s.locations = append(s.locations, n) })
		case sampleValue:
			return m.numbers(func(n uint64) { s.values = append(s.values, int64(n)) })
		case sampleLabel:
			return each(m.body, func(l field) error { return pick(l, &s.strings, labelKey, labelStr, labelNumUnit) })
		}
		return nil
	})
	if err == nil && len(s.values) != p.columns {
		err = fmt.Errorf("a sample with %d values where there are %d types", len(s.values), p.columns)
	}
	return err
}

// calls returns the ids of the functions that a location is in.
func (p *profile) calls(location uint64) (out []uint64, err error) {
	err = each(p.body(p.locations[location]), func(m field) error {
		if m.number != locationLine {
			return nil
		}
		return each(m.body, func(line field) error { return pick(line, &out, lineFunction) })
	})
	return out, err
}

// names returns the numbers of the strings that a function names.
func (p *profile) names(function uint64) (out []uint64, err error) {
	err = each(p.body(p.functions[function]), func(m field) error {
		return pick(m, &out, functionName, functionSystemName, functionFile)
	})
	return out, err
}

// pick appends the field's number if it is one of those fields.
func pick(f field, to *[]uint64, fields ...uint64) error {
	if !slices.Contains(fields, f.number) {
		return nil
	}
	return f.numbers(func(n uint64) { *to = append(*to, n) })
}
