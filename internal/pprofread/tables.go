package pprofread

import (
	"errors"
	"fmt"
)

// maxFrames bounds what the samples unfold to: as if each byte of the profile
// were a frame. A stack can name a location of a million inlined calls a
// million times.
const maxFrames = maxInflated

var (
	errNoString    = errors.New("string that is not in the string table")
	errFirstString = errors.New("string table does not begin with the empty string")
)

// define is the second pass: the header, the strings, and the functions, which
// name them by numbers.
func (d *decoder) define(c *cursor) error {
	switch c.field {
	case profileString:
		if d.strings.len() == 0 && len(c.body) > 0 {
			return errFirstString
		}
		d.texts.Write(c.body)
		d.strings = d.strings.until(d.texts.Len())
		d.text = d.texts.String()
	case profileFunction:
		return d.function(c.body)
	default:
		return d.header.read(c)
	}
	return nil
}

func (d *decoder) function(message []byte) error {
	var id, name, file uint64 // a field that comes twice counts as it was last
	c := cursor{rest: message}
	for c.next() {
		switch c.field {
		case functionID:
			id = c.number()
		case functionName:
			name = c.number()
		case functionFile:
			file = c.number()
		}
	}
	if c.err == nil && max(name, file) >= uint64(d.sizes.strings) {
		return errNoString
	}
	d.functionIDs.set(id, len(d.functions))
	d.functions = append(d.functions, function{name: uint32(name), file: uint32(file)})
	return c.err
}

// locate is the third pass: the locations, for which it takes the functions.
func (d *decoder) locate(c *cursor) error {
	if c.field != profileLocation {
		return nil
	}
	var id uint64
	m := cursor{rest: c.body}
	for m.next() {
		switch m.field {
		case locationID:
			id = m.number()
		case locationLine:
			l, err := d.line(m.bytes())
			if err != nil {
				return err
			}
			d.lines = append(d.lines, l)
		}
	}
	d.locationIDs.set(id, d.locations.len())
	d.locations = d.locations.until(len(d.lines))
	return m.err
}

func (d *decoder) line(message []byte) (line, error) {
	var l line
	c := cursor{rest: message}
	for c.next() {
		switch c.field {
		case lineFunction:
			l.function = d.functionIDs.place(c.number())
		case lineNumber:
			l.number = int64(c.number())
		}
	}
	return l, c.err
}

// sample is the last pass.
func (d *decoder) sample(c *cursor) error {
	if c.field != profileSample {
		return nil
	}
	s := cursor{rest: c.body}
	for s.next() {
		switch s.field {
		case sampleLocation:
			for id := range s.numbers() {
				place := d.locationIDs.place(id)
				d.frames = append(d.frames, place)
				d.walked += uint64(d.locations[place+1] - d.locations[place])
			}
		case sampleValue:
			for v := range s.numbers() {
				d.values = append(d.values, int64(v))
			}
		}
	}
	d.stacks = d.stacks.until(len(d.frames))
	d.weights = d.weights.until(len(d.values))
	if d.walked > maxFrames {
		return fmt.Errorf("more than %d Mi frames", maxFrames>>20)
	}
	return s.err
}
