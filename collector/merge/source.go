package merge

import (
	"math"
	"slices"

	"github.com/go-holmes/holmes/internal/protowire"

	"github.com/go-holmes/holmes/collector/safepprof"
)

// A source is one profile: the places of its parts in its bytes, and the numbers
// of the parts in the fold.
type source struct {
	raw                                              []byte
	strings, functions, locations, mappings, samples []span
	functionAt, locationAt, mappingAt                ids
	textOf, functionOf, locationOf, mappingOf        []uint32 // number in the fold + 1

	types                  []valueType
	columns                []int   // of the fold, by type
	factors                []int64 // of the values, by type
	periodType             valueType
	defaultType            uint64
	drop, keep, doc        uint64
	time, duration, period int64
	comments               []uint64
}

type valueType struct{ typ, unit uint64 }

// A span is raw[from:to].
type span struct{ from, to uint32 }

// ids maps IDs to places. IDs are nearly always 1, 2, 3 and so on.
type ids struct {
	dense  []uint32 // place + 1
	sparse map[uint64]uint32
}

func (t *ids) reset(n int) {
	t.dense = slices.Grow(t.dense[:0], 2*n+64)[:2*n+64]
	clear(t.dense)
	t.sparse = nil
}

// set gives an ID to a place, and reports whether it had none.
func (t *ids) set(id uint64, place int) bool {
	if _, known := t.get(id); known {
		return false
	}
	if id < uint64(len(t.dense)) {
		t.dense[id] = uint32(place + 1)
		return true
	}
	if t.sparse == nil {
		t.sparse = map[uint64]uint32{}
	}
	t.sparse[id] = uint32(place + 1)
	return true
}

func (t *ids) get(id uint64) (place uint32, known bool) {
	if id < uint64(len(t.dense)) {
		place = t.dense[id]
	} else {
		place = t.sparse[id]
	}
	return place - 1, place > 0
}

// read finds the parts of a profile, and checks that all references between them
// can be followed.
func (s *source) read(raw []byte) error {
	if len(raw) > math.MaxInt32 {
		return safepprof.NotProfile("%d bytes", len(raw))
	}
	s.reset(raw)
	c := protowire.Walk(raw)
	for c.Next() {
		s.field(&c)
	}
	if c.Err != nil {
		return safepprof.NotProfile("%v", c.Err)
	}
	for _, check := range []func() error{s.identify, s.checkTypes, s.checkFunctions, s.checkLocations, s.checkSamples} {
		if err := check(); err != nil {
			return err
		}
	}
	s.forget()
	return nil
}

// forget drops the numbers of the parts in the fold, which has new tables.
func (s *source) forget() {
	s.textOf = zeros(s.textOf, len(s.strings))
	s.functionOf = zeros(s.functionOf, len(s.functions))
	s.locationOf = zeros(s.locationOf, len(s.locations))
	s.mappingOf = zeros(s.mappingOf, len(s.mappings))
}

func (s *source) reset(raw []byte) {
	s.raw = raw
	s.strings, s.functions, s.locations = s.strings[:0], s.functions[:0], s.locations[:0]
	s.mappings, s.samples = s.mappings[:0], s.samples[:0]
	s.types, s.comments, s.periodType = s.types[:0], s.comments[:0], valueType{}
	s.defaultType, s.drop, s.keep, s.doc = 0, 0, 0, 0
	s.time, s.duration, s.period = 0, 0, 0
}

func zeros(table []uint32, n int) []uint32 {
	table = slices.Grow(table[:0], n)[:n]
	clear(table)
	return table
}

// field takes one field of the profile.
func (s *source) field(c *protowire.Cursor) {
	part := func(to *[]span) {
		m := c.Bytes()
		end := len(s.raw) - c.Left()
		*to = append(*to, span{uint32(end - len(m)), uint32(end)})
	}
	switch c.Field {
	case protowire.ProfileString:
		part(&s.strings)
	case protowire.ProfileSample:
		part(&s.samples)
	case protowire.ProfileLocation:
		part(&s.locations)
	case protowire.ProfileFunction:
		part(&s.functions)
	case protowire.ProfileMapping:
		part(&s.mappings)
	case protowire.ProfileSampleType:
		s.types = append(s.types, readValueType(c.Bytes()))
	case protowire.ProfilePeriodType:
		s.periodType = readValueType(c.Bytes())
	case protowire.ProfileDefaultSampleType:
		s.defaultType = c.Number()
	case protowire.ProfileDropFrames:
		s.drop = c.Number()
	case protowire.ProfileKeepFrames:
		s.keep = c.Number()
	case protowire.ProfileDocURL:
		s.doc = c.Number()
	case protowire.ProfileTime:
		s.time = int64(c.Number())
	case protowire.ProfileDuration:
		s.duration = int64(c.Number())
	case protowire.ProfilePeriod:
		s.period = int64(c.Number())
	case protowire.ProfileComment:
		for run := c.Run(); len(run) > 0; {
			number, n := protowire.Uvarint(run)
			if n == 0 {
				break
			}
			run = run[n:]
			if len(s.comments) < maxComments {
				s.comments = append(s.comments, number)
			}
		}
	}
}

func readValueType(m []byte) (v valueType) {
	c := protowire.Walk(m)
	for c.Next() {
		switch c.Field {
		case protowire.ValueTypeType:
			v.typ = c.Number()
		case protowire.ValueTypeUnit:
			v.unit = c.Number()
		}
	}
	return v
}

// text returns a string by its number, and nothing for a number beyond the table.
func (s *source) text(number uint64) []byte {
	if number >= uint64(len(s.strings)) {
		return nil
	}
	at := s.strings[number]
	return s.raw[at.from:at.to]
}

// at returns a part's message.
func (s *source) at(part span) []byte { return s.raw[part.from:part.to] }

// identify finds the IDs of mappings, functions and locations.
func (s *source) identify() error {
	for _, part := range []struct {
		what  string
		field uint64
		at    []span
		ids   *ids
	}{
		{"mappings", protowire.MappingID, s.mappings, &s.mappingAt},
		{"functions", protowire.FunctionID, s.functions, &s.functionAt},
		{"locations", protowire.LocationID, s.locations, &s.locationAt},
	} {
		part.ids.reset(len(part.at))
		for i, at := range part.at {
			id, err := firstNumber(s.at(at), part.field)
			if err != nil {
				return safepprof.NotProfile("%v", err)
			}
			if id == 0 || !part.ids.set(id, i) {
				return safepprof.NotProfile("%s with the ID %d", part.what, id)
			}
		}
	}
	return nil
}

// firstNumber walks all of a message, and returns the number of a field.
func firstNumber(m []byte, field uint64) (value uint64, err error) {
	c := protowire.Walk(m)
	for c.Next() {
		if c.Field == field {
			value = c.Number()
		}
	}
	return value, c.Err
}

func (s *source) checkTypes() error {
	if len(s.types) == 0 || len(s.types) > maxColumns {
		return safepprof.NotProfile("%d sample types", len(s.types))
	}
	return nil
}
