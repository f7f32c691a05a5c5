package pprofread

import "errors"

// Sizes say how much of everything a profile has, so that each table is
// allocated once, at its size.
type sizes struct {
	strings, text, functions, locations, lines, samples, frames, values int
}

// measure is the first pass. It also sees to it that what the others read of
// the profile are messages and strings.
func (d *decoder) measure(c *cursor) error {
	n := &d.sizes
	switch c.field {
	case profileString:
		n.strings++
		n.text += len(c.bytes())
	case profileFunction:
		n.functions++
		c.bytes()
	case profileLocation:
		n.locations++
		m := cursor{rest: c.bytes()}
		for m.next() {
			if m.field == locationLine {
				n.lines++
			}
		}
		return m.err
	case profileSample:
		n.samples++
		m := cursor{rest: c.bytes()}
		for m.next() {
			switch m.field {
			case sampleLocation:
				n.frames += m.count()
			case sampleValue:
				n.values += m.count()
			}
		}
		return m.err
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
