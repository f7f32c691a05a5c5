package safepprof

import (
	"errors"
	"fmt"

	"github.com/go-holmes/holmes/internal/protowire"
)

var (
	errLateNames = errors.New("the names of the sample types are too far apart")
	errNoID      = errors.New("an ID that is missing or 0")
	errZero      = errors.New("field without a number")
)

// part looks at a message of the profile.
func (s *scan) part(field uint64, m []byte) error {
	switch field {
	case protowire.ProfileSampleType:
		return s.sampleType(m)
	case protowire.ProfileString:
		return s.str(m, len(m))
	case protowire.ProfileSample:
		return s.sample(m)
	case protowire.ProfileMapping:
		return s.mapping(m)
	case protowire.ProfileLocation:
		return s.location(m)
	case protowire.ProfileFunction:
		return s.function(m)
	default: // the type of the period, which is not part of Info
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
	for len(m) > 0 {
		tag, value, n := protowire.First(m)
		switch tag {
		case protowire.ValueTypeType << 3:
			v.typ = value
		case protowire.ValueTypeUnit << 3:
			v.unit = value
		default:
			if err := unexpected(m, tag, n, protowire.ValueTypeUnit); err != nil {
				return v, err
			}
		}
		m = m[n:]
	}
	s.refer(v.typ)
	s.refer(v.unit)
	return v, nil
}

// unexpected is the error of what a message begins with that is no field, or one
// of the wrong type: it has all those up to a number. Fields beyond are of later
// versions.
func unexpected(m []byte, tag uint64, n int, known uint64) error {
	switch {
	case n == 0:
		return protowire.Fault(m)
	case tag>>3 == 0:
		return errZero
	case tag>>3 <= known:
		return protowire.ErrType
	}
	return nil
}

// sum adds the values of a sample that is not looked into otherwise.
func (s *scan) sum(m []byte) {
	for nth := 0; len(m) > 0; {
		tag, value, n := protowire.First(m)
		switch {
		case n == 0:
			return
		case tag == protowire.SampleValue<<3|protowire.Bytes:
			nth = s.addRun(nth, m[n-int(value):n])
		case tag == protowire.SampleValue<<3:
			nth = s.add(nth, value)
		}
		m = m[n:]
	}
}

// addRun adds values to the totals, the first one to the nth, and returns the number
// of the next one.
func (s *scan) addRun(nth int, run []byte) int {
	for len(run) > 0 {
		v, n := protowire.Uvarint(run)
		if n == 0 {
			break
		}
		nth = s.add(nth, v)
		run = run[n:]
	}
	return nth
}

func (s *scan) add(nth int, value uint64) int {
	if nth < len(s.totals) {
		s.totals[nth] += int64(value)
	}
	return nth + 1
}

func (s *scan) sample(m []byte) error {
	var frames, values, nth int
	var tags labels
	for len(m) > 0 {
		tag, value, n := protowire.First(m)
		switch tag {
		case protowire.SampleLocation<<3 | protowire.Bytes:
			if err := s.run(m[n-int(value):n], &frames); err != nil {
				return err
			}
		case protowire.SampleValue<<3 | protowire.Bytes:
			if err := s.run(m[n-int(value):n], &values); err != nil {
				return err
			}
			nth = s.addRun(nth, m[n-int(value):n])
		case protowire.SampleLocation << 3:
			s.single(&frames)
		case protowire.SampleValue << 3:
			s.single(&values)
			nth = s.add(nth, value)
		case protowire.SampleLabel<<3 | protowire.Bytes:
			if err := s.label(m[n-int(value):n], &tags); err != nil {
				return err
			}
		default:
			if err := unexpected(m, tag, n, protowire.SampleLabel); err != nil {
				return err
			}
		}
		m = m[n:]
	}
	if tags.n > maxLabels {
		return fmt.Errorf("a sample of %d labels", tags.n)
	}
	if s.least = min(s.least, values); s.samples == s.passed {
		s.least = values
	}
	s.most = max(s.most, values)
	s.samples++
	s.frames += int64(frames)
	s.cost += costSample + costFrame*float64(frames)
	if tags.n > 0 {
		s.cost += tags.total()
	}
	return s.unfolds()
}

// run counts the numbers of a repeated field, packed.
func (s *scan) run(packed []byte, total *int) error {
	n, whole := protowire.Count(packed)
	if !whole {
		return protowire.ErrNumber
	}
	s.cost += costRunOf(n, true, *total == 0)
	*total += n
	return nil
}

// single counts one.
func (s *scan) single(total *int) {
	s.cost += costRunOf(1, false, *total == 0)
	*total++
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
	var text, number, unit uint64
	for len(m) > 0 {
		tag, value, n := protowire.First(m)
		switch tag {
		case protowire.LabelKey << 3:
			s.refer(value)
		case protowire.LabelString << 3:
			text = value
		case protowire.LabelNumber << 3:
			number = value
		case protowire.LabelUnit << 3:
			unit = value
		default:
			if err := unexpected(m, tag, n, protowire.LabelUnit); err != nil {
				return err
			}
		}
		m = m[n:]
	}
	s.refer(text)
	s.refer(unit)
	tags.add(text, number, unit)
	return nil
}

func (s *scan) mapping(m []byte) error {
	var id uint64
	for len(m) > 0 {
		tag, value, n := protowire.First(m)
		switch tag {
		case protowire.MappingID << 3:
			id = value
		case protowire.MappingFile << 3, protowire.MappingBuildID << 3:
			s.refer(value)
		case protowire.MappingStart << 3, protowire.MappingLimit << 3, protowire.MappingOffset << 3, protowire.MappingHasFunctions << 3,
			protowire.MappingHasFilenames << 3, protowire.MappingHasLineNumbers << 3, protowire.MappingHasInlineFrames << 3:
		default:
			if err := unexpected(m, tag, n, protowire.MappingHasInlineFrames); err != nil {
				return err
			}
		}
		m = m[n:]
	}
	s.cost += costMapping
	if s.mappings++; s.mappings > maxMappings {
		return errMappings
	}
	return identified(id)
}

func (s *scan) function(m []byte) error {
	var id uint64
	for len(m) > 0 {
		tag, value, n := protowire.First(m)
		switch tag {
		case protowire.FunctionID << 3:
			id = value
		case protowire.FunctionName << 3, protowire.FunctionSystemName << 3, protowire.FunctionFile << 3:
			s.refer(value)
		case protowire.FunctionStartLine << 3:
		default:
			if err := unexpected(m, tag, n, protowire.FunctionStartLine); err != nil {
				return err
			}
		}
		m = m[n:]
	}
	s.cost += costFunction
	return identified(id)
}

func (s *scan) location(m []byte) error {
	var id uint64
	var lines int
	for len(m) > 0 {
		tag, value, n := protowire.First(m)
		switch tag {
		case protowire.LocationID << 3:
			id = value
		case protowire.LocationLine<<3 | protowire.Bytes:
			lines++ // package merge checks them
		case protowire.LocationMapping << 3, protowire.LocationAddress << 3, protowire.LocationIsFolded << 3:
		default:
			if err := unexpected(m, tag, n, protowire.LocationIsFolded); err != nil {
				return err
			}
		}
		m = m[n:]
	}
	s.cost += costLocation + costLine*float64(lines)
	if lines > s.lines {
		s.cost += costMoreLines * float64(lines-s.lines)
		s.lines = lines
		if err := s.unfolds(); err != nil {
			return err
		}
	}
	return identified(id)
}

// identified is the error of a message that has to have an ID.
func identified(id uint64) error {
	if id == 0 {
		return errNoID
	}
	return nil
}
