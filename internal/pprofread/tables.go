package pprofread

import (
	"errors"
	"fmt"

	"github.com/go-holmes/holmes/internal/protowire"
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
func (d *decoder) define(c *protowire.Cursor) error {
	switch c.Field {
	case protowire.ProfileString:
		if d.strings.len() == 0 && len(c.Bytes()) > 0 {
			return errFirstString
		}
		d.texts.Write(c.Bytes())
		d.strings = d.strings.until(d.texts.Len())
		d.text = d.texts.String()
	case protowire.ProfileFunction:
		return d.function(c.Bytes())
	default:
		return d.header.read(c)
	}
	return nil
}

func (d *decoder) function(message []byte) error {
	var id, name, file uint64 // a field that comes twice counts as it was last
	c := protowire.Walk(message)
	for c.Next() {
		switch c.Field {
		case protowire.FunctionID:
			id = c.Number()
		case protowire.FunctionName:
			name = c.Number()
		case protowire.FunctionFile:
			file = c.Number()
		}
	}
	if c.Err == nil && max(name, file) >= uint64(d.sizes.strings) {
		return errNoString
	}
	d.functionIDs.set(id, len(d.functions))
	d.functions = append(d.functions, function{name: uint32(name), file: uint32(file)})
	return c.Err
}

// locate is the third pass: the locations, for which it takes the functions.
func (d *decoder) locate(c *protowire.Cursor) error {
	if c.Field != protowire.ProfileLocation {
		return nil
	}
	var id uint64
	m := protowire.Walk(c.Bytes())
	for m.Next() {
		switch m.Field {
		case protowire.LocationID:
			id = m.Number()
		case protowire.LocationLine:
			l, err := d.line(m.Bytes())
			if err != nil {
				return err
			}
			d.lines = append(d.lines, l)
		}
	}
	d.locationIDs.set(id, d.locations.len())
	d.locations = d.locations.until(len(d.lines))
	return m.Err
}

func (d *decoder) line(message []byte) (line, error) {
	var l line
	c := protowire.Walk(message)
	for c.Next() {
		switch c.Field {
		case protowire.LineFunction:
			l.function = d.functionIDs.place(c.Number())
		case protowire.LineNumber:
			l.number = int64(c.Number())
		}
	}
	return l, c.Err
}

// sample is the last pass.
func (d *decoder) sample(c *protowire.Cursor) error {
	if c.Field != protowire.ProfileSample {
		return nil
	}
	s := protowire.Walk(c.Bytes())
	for s.Next() {
		switch s.Field {
		case protowire.SampleLocation:
			for id := range s.Numbers() {
				place := d.locationIDs.place(id)
				d.frames = append(d.frames, place)
				d.walked += uint64(d.locations[place+1] - d.locations[place])
			}
		case protowire.SampleValue:
			for v := range s.Numbers() {
				d.values = append(d.values, int64(v))
			}
		}
	}
	d.stacks = d.stacks.until(len(d.frames))
	d.weights = d.weights.until(len(d.values))
	if d.walked > maxFrames {
		return fmt.Errorf("more than %d Mi frames", maxFrames>>20)
	}
	return s.Err
}
