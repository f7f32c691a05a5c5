package pprofread

import (
	"errors"

	"github.com/go-holmes/holmes/internal/protowire"
)

// Sizes say how much of everything a profile has, so that each table is
// allocated once, at its size.
type sizes struct {
	strings, text, functions, locations, lines, samples, frames, values int
}

// measure is the first pass. It also sees to it that what the others read of
// the profile are messages and strings.
func (d *decoder) measure(c *protowire.Cursor) error {
	n := &d.sizes
	switch c.Field {
	case protowire.ProfileString:
		n.strings++
		n.text += len(c.Bytes())
	case protowire.ProfileFunction:
		n.functions++
		c.Bytes()
	case protowire.ProfileLocation:
		n.locations++
		m := protowire.Walk(c.Bytes())
		for m.Next() {
			if m.Field == protowire.LocationLine {
				n.lines++
			}
		}
		return m.Err
	case protowire.ProfileSample:
		n.samples++
		m := protowire.Walk(c.Bytes())
		for m.Next() {
			switch m.Field {
			case protowire.SampleLocation:
				n.frames += m.Count()
			case protowire.SampleValue:
				n.values += m.Count()
			}
		}
		return m.Err
	}
	return nil
}

// allocate makes room for what was measured. The first place of each table is
// for what is missing: a location of one frame, whose function has no name.
func (d *decoder) allocate() error {
	n := &d.sizes
	if n.strings == 0 {
		return errors.New("no string table")
	}
	d.texts.Grow(n.text)
	d.strings = makeSpans(n.strings)
	d.functions = make([]function, 1, 1+n.functions)
	d.functionIDs = makeIDs(n.functions)
	d.lines = make([]line, 1, 1+n.lines)
	d.locations = makeSpans(1 + n.locations)
	d.locations = d.locations.until(len(d.lines))
	d.locationIDs = makeIDs(n.locations)
	d.frames = make([]uint32, 0, n.frames)
	d.values = make([]int64, 0, n.values)
	d.stacks, d.weights = makeSpans(n.samples), makeSpans(n.samples)
	return nil
}
