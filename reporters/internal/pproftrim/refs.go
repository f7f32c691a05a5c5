package pproftrim

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/go-holmes/holmes/internal/protowire"
)

// A profile has the places of all its parts in its bytes. Samples are read when
// they are needed: decoded, they would take several times the memory of the
// profile.
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

// makeText replaces the bytes of strings that are not UTF-8, each by a '?', so that no
// length changes.
func (p *profile) makeText() {
	for _, s := range p.strings {
		for text := p.body(s); len(text) > 0; {
			r, n := utf8.DecodeRune(text)
			if r == utf8.RuneError && n == 1 {
				text[0] = '?'
			}
			text = text[n:]
		}
	}
}

// A span is a field of the profile, key and all.
type span struct{ start, end uint32 }

func (s span) size() int { return int(s.end - s.start) }

// body returns the content of a field of bytes.
func (p *profile) body(s span) []byte {
	c := protowire.Walk(p.plain[s.start:s.end])
	if !c.Next() {
		return nil // a missing part
	}
	return c.Bytes()
}

func read(plain []byte) (*profile, error) {
	p := &profile{plain: plain, locations: map[uint64]span{}, functions: map[uint64]span{}}
	if err := protowire.Each(plain, p.visit); err != nil {
		return nil, err
	}
	if p.highest == math.MaxUint64 {
		return nil, errors.New("no number is free for a location")
	}
	return p, nil
}

func (p *profile) visit(c *protowire.Cursor) (err error) {
	end := len(p.plain) - c.Left()
	at := span{uint32(end - len(c.Raw())), uint32(end)}
	switch c.Field {
	case protowire.ProfileSample:
		p.samples = append(p.samples, at)
		c.Bytes()
	case protowire.ProfileLocation:
		err = p.keyed(p.locations, c.Bytes(), at)
	case protowire.ProfileFunction:
		err = p.keyed(p.functions, c.Bytes(), at)
	case protowire.ProfileString:
		p.strings = append(p.strings, at)
		c.Bytes()
	case protowire.ProfileTime:
		// written anew
	default:
		p.fixed += at.size()
		err = p.header(c)
	}
	return err
}

// keyed files a location or a function under its id.
func (p *profile) keyed(table map[uint64]span, message []byte, at span) error {
	id, err := idOf(message)
	if _, twice := table[id]; twice {
		p.fixed += at.size() // both are kept, or none
	}
	table[id], p.highest = at, max(p.highest, id)
	return err
}

// idOf returns the id of a location or a function: the same field of both.
func idOf(message []byte) (id uint64, err error) {
	c := protowire.Walk(message)
	for c.Next() {
		if c.Field == protowire.LocationID {
			id = c.Number()
		}
	}
	return id, c.Err
}

// header takes note of the strings that are named by what is always kept.
func (p *profile) header(c *protowire.Cursor) (err error) {
	switch c.Field {
	case protowire.ProfileSampleType:
		p.columns++
		p.always, err = pick(p.always, c.Bytes(), protowire.ValueTypeType, protowire.ValueTypeUnit)
	case protowire.ProfilePeriodType:
		p.always, err = pick(p.always, c.Bytes(), protowire.ValueTypeType, protowire.ValueTypeUnit)
	case protowire.ProfileMapping:
		p.always, err = pick(p.always, c.Bytes(), protowire.MappingFile, protowire.MappingBuildID)
	case protowire.ProfileDropFrames, protowire.ProfileKeepFrames, protowire.ProfileComment,
		protowire.ProfileDefaultSampleType, protowire.ProfileDocURL:
		p.always = slices.AppendSeq(p.always, c.Numbers())
	}
	return err
}

// A sample is a decoded sample.
type sample struct {
	locations []uint64 // ids
	strings   []uint64 // numbers
	values    []int64
}

// read takes the sample at a place, over what it held before.
func (s *sample) read(p *profile, place int) (err error) {
	s.locations, s.strings, s.values = s.locations[:0], s.strings[:0], s.values[:0]
	c := protowire.Walk(p.body(p.samples[place]))
	for err == nil && c.Next() {
		switch c.Field {
		case protowire.SampleLocation:
			s.locations = slices.AppendSeq(s.locations, c.Numbers())
		case protowire.SampleValue:
			for v := range c.Numbers() {
				s.values = append(s.values, int64(v))
			}
		case protowire.SampleLabel:
			s.strings, err = pick(s.strings, c.Bytes(), protowire.LabelKey, protowire.LabelString, protowire.LabelUnit)
		}
	}
	err = cmp.Or(err, c.Err)
	if err == nil && len(s.values) != p.columns {
		err = fmt.Errorf("a sample with %d values where there are %d types", len(s.values), p.columns)
	}
	return err
}

// calls returns the ids of the functions that a location is in.
func (p *profile) calls(location uint64) (out []uint64, err error) {
	c := protowire.Walk(p.body(p.locations[location]))
	for err == nil && c.Next() {
		if c.Field == protowire.LocationLine {
			out, err = pick(out, c.Bytes(), protowire.LineFunction)
		}
	}
	return out, cmp.Or(err, c.Err)
}

// names returns the numbers of the strings that a function names.
func (p *profile) names(function uint64) ([]uint64, error) {
	return pick(nil, p.body(p.functions[function]), protowire.FunctionName, protowire.FunctionSystemName, protowire.FunctionFile)
}

// pick appends the numbers of some fields of a message.
func pick(to []uint64, message []byte, fields ...uint64) ([]uint64, error) {
	c := protowire.Walk(message)
	for c.Next() {
		if slices.Contains(fields, c.Field) {
			to = slices.AppendSeq(to, c.Numbers())
		}
	}
	return to, c.Err
}
