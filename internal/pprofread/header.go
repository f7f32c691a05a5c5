package pprofread

import (
	"fmt"

	"github.com/go-holmes/holmes/internal/protowire"
)

// maxSampleTypes is more than any profile has. Every sample may have a value of
// each, and one takes more than what stands for it in the profile.
const maxSampleTypes = 1 << 10

// A header is what a profile says of itself, with the numbers of strings
// that may come later.
type header struct {
	sampleTypes       []valueType
	defaultSampleType uint64
	periodType        valueType
	period            int64
	times
}

type valueType struct {
	typ, unit uint64
}

// read takes from a field of a profile what belongs to the header.
func (h *header) read(c *protowire.Cursor) (err error) {
	switch c.Field {
	case protowire.ProfileSampleType:
		var t valueType
		t, err = readValueType(c.Bytes())
		h.sampleTypes = append(h.sampleTypes, t)
		if len(h.sampleTypes) > maxSampleTypes {
			return fmt.Errorf("more than %d kinds of value", maxSampleTypes)
		}
	case protowire.ProfilePeriodType:
		h.periodType, err = readValueType(c.Bytes())
	case protowire.ProfilePeriod:
		h.period = int64(c.Number())
	case protowire.ProfileDefaultSampleType:
		h.defaultSampleType = c.Number()
	default:
		return h.times.read(c)
	}
	return err
}

func readValueType(message []byte) (t valueType, err error) {
	c := protowire.Walk(message)
	for c.Next() {
		switch c.Field {
		case protowire.ValueTypeType:
			t.typ = c.Number()
		case protowire.ValueTypeUnit:
			t.unit = c.Number()
		}
	}
	return t, c.Err
}

// entitle gives the profile its header, now that all strings are there.
func (d *decoder) entitle() (err error) {
	h, p := &d.header, d.Profile
	p.TimeNanos, p.DurationNanos, p.Period = h.nanos, h.duration, h.period
	for _, t := range h.sampleTypes {
		var v ValueType
		if v, err = d.valueType(t); err != nil {
			return err
		}
		p.SampleTypes = append(p.SampleTypes, v)
	}
	if p.PeriodType, err = d.valueType(h.periodType); err != nil {
		return err
	}
	v, err := d.valueType(valueType{typ: h.defaultSampleType})
	p.DefaultSampleType = v.Type
	return err
}

func (d *decoder) valueType(t valueType) (ValueType, error) {
	if max(t.typ, t.unit) >= uint64(d.sizes.strings) {
		return ValueType{}, errNoString
	}
	return ValueType{Type: d.str(uint32(t.typ)), Unit: d.str(uint32(t.unit))}, nil
}
