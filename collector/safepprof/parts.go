package safepprof

import (
	"errors"
	"fmt"

	"github.com/go-holmes/holmes/collector/safepprof/wire"
)

var (
	errLateNames = errors.New("the names of the sample types are too far apart")
	errNoID      = errors.New("an ID that is missing or 0")
)

// message takes a field that is a message, whole.
func (s *scan) message(field, typ uint64) error {
	n, err := s.length(typ, maxMessage, "message")
	if err != nil {
		return err
	}
	m := s.bytes(n)
	if m == nil && n > 0 {
		return nil // the stream has said why
	}
	return s.part(field, m)
}

// part looks at a message of the profile.
func (s *scan) part(field uint64, m []byte) error {
	switch field {
	case wire.ProfileSampleType:
		return s.sampleType(m)
	case wire.ProfileString:
		return s.str(m, len(m))
	case wire.ProfileSample:
		return s.sample(m)
	case wire.ProfileMapping:
		return s.mapping(m)
	case wire.ProfileLocation:
		return s.location(m)
	case wire.ProfileFunction:
		return s.function(m)
	default: // the type of the period, which nobody here asks for
		s.cost += costSampleType
		_, err := s.valueType(m)
		return err
	}
}

func (s *scan) sampleType(m []byte) error {
	if s.ntypes == maxSampleTypes {
		return fmt.Errorf("more than %d sample types", maxSampleTypes)
	}
	v, err := s.valueType(m)
	if err != nil {
		return err
	}
	if !s.names.want(v.typ) || !s.names.want(v.unit) {
		return errLateNames
	}
	s.types[s.ntypes] = v
	s.ntypes++
	s.cost += costSampleType
	return nil
}

func (s *scan) valueType(m []byte) (v valueType, err error) {
	c := wire.Walk(m)
	for c.Next() {
		switch c.Field {
		case wire.ValueTypeType:
			v.typ = c.Number()
		case wire.ValueTypeUnit:
			v.unit = c.Number()
		}
	}
	s.refer(v.typ)
	s.refer(v.unit)
	return v, c.Err
}

func (s *scan) sample(m []byte) error {
	var frames, values int
	var tags labels
	c := wire.Walk(m)
	for c.Next() {
		switch c.Field {
		case wire.SampleLocation:
			if err := s.run(&c, &frames); err != nil {
				return err
			}
		case wire.SampleValue:
			if err := s.run(&c, &values); err != nil {
				return err
			}
		case wire.SampleLabel:
			if err := s.label(c.Bytes(), &tags); err != nil {
				return err
			}
		}
	}
	if tags.n > maxLabels {
		return fmt.Errorf("a sample of %d labels", tags.n)
	}
	if s.least = min(s.least, values); s.samples == 0 {
		s.least = values
	}
	s.most = max(s.most, values)
	s.samples++
	s.frames += int64(frames)
	s.cost += costSample + costFrame*float64(frames) + tags.total()
	return errors.Join(c.Err, s.unfolds())
}

// run counts the numbers of a repeated field.
func (s *scan) run(c *wire.Cursor, total *int) error {
	n, whole := wire.Count(c.Run())
	if !whole {
		return wire.ErrNumber
	}
	s.cost += costRunOf(n, c.Type == wire.Bytes, *total == 0)
	*total += n
	return nil
}

// unfolds refuses stacks that are short to write and long to walk, since each of
// their locations stands for many inlined calls.
func (s *scan) unfolds() error {
	if s.frames*int64(max(s.lines, 1)) > maxUnfolded {
		return fmt.Errorf("%d frames of up to %d inlined calls", s.frames, s.lines)
	}
	return nil
}

func (s *scan) label(m []byte, tags *labels) error {
	var key, text, number, unit uint64
	c := wire.Walk(m)
	for c.Next() {
		switch c.Field {
		case wire.LabelKey:
			key = c.Number()
		case wire.LabelString:
			text = c.Number()
		case wire.LabelNumber:
			number = c.Number()
		case wire.LabelUnit:
			unit = c.Number()
		}
	}
	s.refer(key)
	s.refer(text)
	s.refer(unit)
	tags.add(text, number, unit)
	return c.Err
}

func (s *scan) mapping(m []byte) error {
	var id uint64
	c := wire.Walk(m)
	for c.Next() {
		switch c.Field {
		case wire.MappingID:
			id = c.Number()
		case wire.MappingFile, wire.MappingBuildID:
			s.refer(c.Number())
		case wire.MappingStart, wire.MappingLimit, wire.MappingOffset, wire.MappingHasFunctions,
			wire.MappingHasFilenames, wire.MappingHasLineNumbers, wire.MappingHasInlineFrames:
			c.Number()
		}
	}
	s.cost += costMapping
	if s.mappings++; s.mappings > maxMappings {
		return fmt.Errorf("more than %d mappings", maxMappings)
	}
	return identified(&c, id)
}

func (s *scan) function(m []byte) error {
	var id uint64
	c := wire.Walk(m)
	for c.Next() {
		switch c.Field {
		case wire.FunctionID:
			id = c.Number()
		case wire.FunctionName, wire.FunctionSystemName, wire.FunctionFile:
			s.refer(c.Number())
		case wire.FunctionStartLine:
			c.Number()
		}
	}
	s.cost += costFunction
	return identified(&c, id)
}

func (s *scan) location(m []byte) error {
	var id uint64
	var lines int
	c := wire.Walk(m)
	for c.Next() {
		switch c.Field {
		case wire.LocationID:
			id = c.Number()
		case wire.LocationLine:
			c.Bytes() // what is wrong in there, the one who reads it will find
			lines++
		case wire.LocationMapping, wire.LocationAddress, wire.LocationIsFolded:
			c.Number()
		}
	}
	s.cost += costLocation + costLine*float64(lines)
	if lines > s.lines {
		s.cost += costMoreLines * float64(lines-s.lines)
		s.lines = lines
	}
	return errors.Join(identified(&c, id), s.unfolds())
}

// identified is the error of a message that has to have an ID.
func identified(c *wire.Cursor, id uint64) error {
	if c.Err == nil && id == 0 {
		return errNoID
	}
	return c.Err
}
