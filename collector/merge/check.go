package merge

import (
	"github.com/go-holmes/holmes/internal/protowire"

	"github.com/go-holmes/holmes/collector/safepprof"
)

// checkFunctions checks the types of the fields of functions and mappings, so that
// later readers read all of them.
func (s *source) checkFunctions() error {
	for _, at := range s.functions {
		c := protowire.Walk(s.at(at))
		for c.Next() {
			if c.Field <= protowire.FunctionStartLine {
				c.Number()
			}
		}
		if c.Err != nil {
			return safepprof.NotProfile("function: %v", c.Err)
		}
	}
	for _, at := range s.mappings {
		c := protowire.Walk(s.at(at))
		for c.Next() {
			if c.Field <= protowire.MappingHasInlineFrames {
				c.Number()
			}
		}
		if c.Err != nil {
			return safepprof.NotProfile("mapping: %v", c.Err)
		}
	}
	return nil
}

// checkLocations checks that their mappings and functions are there.
func (s *source) checkLocations() error {
	for _, at := range s.locations {
		c := protowire.Walk(s.at(at))
		for c.Next() {
			switch c.Field {
			case protowire.LocationMapping:
				if id := c.Number(); id != 0 {
					if _, known := s.mappingAt.get(id); !known {
						return safepprof.NotProfile("a location refers to mapping %d, which is missing", id)
					}
				}
			case protowire.LocationLine:
				if err := s.checkLine(c.Bytes()); err != nil {
					return err
				}
			case protowire.LocationAddress, protowire.LocationIsFolded:
				c.Number()
			}
		}
		if c.Err != nil {
			return safepprof.NotProfile("location: %v", c.Err)
		}
	}
	return nil
}

func (s *source) checkLine(m []byte) error {
	c := protowire.Walk(m)
	for c.Next() {
		if c.Field > protowire.LineColumn {
			continue
		}
		id := c.Number()
		if c.Field != protowire.LineFunction || id == 0 {
			continue
		}
		if _, known := s.functionAt.get(id); !known {
			return safepprof.NotProfile("a line refers to function %d, which is missing", id)
		}
	}
	if c.Err != nil {
		return safepprof.NotProfile("line: %v", c.Err)
	}
	return nil
}

// checkSamples checks that their locations are there, and that each has a value
// of each type.
func (s *source) checkSamples() error {
	for _, at := range s.samples {
		values := 0
		c := protowire.Walk(s.at(at))
		for c.Next() {
			switch c.Field {
			case protowire.SampleLocation:
				if err := s.checkStack(c.Run()); err != nil {
					return err
				}
			case protowire.SampleValue:
				n, whole := protowire.Count(c.Run())
				if values += n; !whole {
					return safepprof.NotProfile("%v", protowire.ErrNumber)
				}
			case protowire.SampleLabel:
				if err := checkLabel(c.Bytes()); err != nil {
					return err
				}
			}
		}
		if c.Err != nil {
			return safepprof.NotProfile("sample: %v", c.Err)
		}
		if values != len(s.types) {
			return safepprof.NotProfile("a sample of %d values, and %d sample types", values, len(s.types))
		}
	}
	return nil
}

func (s *source) checkStack(run []byte) error {
	for len(run) > 0 {
		id, n := protowire.Uvarint(run)
		if n == 0 {
			return safepprof.NotProfile("%v", protowire.ErrNumber)
		}
		if _, known := s.locationAt.get(id); !known {
			return safepprof.NotProfile("a sample refers to location %d, which is missing", id)
		}
		run = run[n:]
	}
	return nil
}

func checkLabel(m []byte) error {
	c := protowire.Walk(m)
	for c.Next() {
		if c.Field <= protowire.LabelUnit {
			c.Number()
		}
	}
	if c.Err != nil {
		return safepprof.NotProfile("label: %v", c.Err)
	}
	return nil
}
