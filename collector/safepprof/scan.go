package safepprof

import (
	"errors"
	"fmt"

	"github.com/go-holmes/holmes/internal/protowire"
)

// A scan is one check of one profile. Scans are used again, since they are large.
type scan struct {
	protowire.Stream
	stream  stream
	names   names
	limits  *Limits
	shallow bool

	types       [maxSampleTypes]valueType
	totals      [maxSampleTypes]int64
	ntypes      int
	defaultType uint64
	nanos       int64
	duration    int64

	samples, mappings int
	passed            int    // samples that were passed over
	frames            int64  // of all others
	least, most       int    // values of a sample
	lines             int    // that the location with the most has
	lastString        uint64 // the highest number of a string that is referred to
	unknown           int64  // bytes
	cost              float64
}

type valueType struct{ typ, unit uint64 }

// reset makes s as good as new.
func (s *scan) reset(limits *Limits) {
	s.names.reset()
	s.limits = limits
	clear(s.totals[:])
	s.ntypes, s.defaultType, s.nanos, s.duration = 0, 0, 0, 0
	s.samples, s.mappings, s.passed, s.frames, s.least, s.most, s.lines = 0, 0, 0, 0, 0, 0, 0
	s.lastString, s.unknown, s.cost = 0, 0, costBase
}

var (
	errSeveral  = errors.New("several profiles in one")
	errMappings = fmt.Errorf("more than %d mappings", maxMappings)
)

// profile walks the fields to their end.
func (s *scan) profile() error {
	for {
		if s.shallow {
			s.passOver()
		}
		if !s.Next() {
			return s.whole()
		}
		var err error
		if m, ok := s.Whole(); ok && s.Field-1 < protowire.ProfileString { // as almost all are
			err = s.part(s.Field, m)
		} else {
			err = s.field()
		}
		if err != nil {
			return err
		}
		if s.cost > float64(s.limits.Decoded) {
			return tooLarge(Decoded, s.limits.Decoded)
		}
	}
}

// field looks at one field of the profile.
func (s *scan) field() error {
	switch s.Field {
	case 0:
		return errZero
	case protowire.ProfileString:
		head, err := s.head(maxString, keptName, "string")
		if err != nil {
			return err
		}
		return s.str(head, s.Size())
	case protowire.ProfileSampleType, protowire.ProfileSample, protowire.ProfileMapping, protowire.ProfileLocation, protowire.ProfileFunction, protowire.ProfilePeriodType:
		m, err := s.head(maxMessage, maxMessage, "message")
		if err != nil {
			return err
		}
		return s.part(s.Field, m)
	case protowire.ProfileComment:
		return s.comments()
	case protowire.ProfileDropFrames, protowire.ProfileKeepFrames, protowire.ProfileTime, protowire.ProfileDuration, protowire.ProfilePeriod,
		protowire.ProfileDefaultSampleType, protowire.ProfileDocURL:
		return s.number()
	default:
		return s.unknownField()
	}
}

// head returns the first n bytes of a field that may have up to limit.
func (s *scan) head(limit, n int, what string) ([]byte, error) {
	if s.Size() > limit {
		return nil, fmt.Errorf("a %s of %d bytes", what, s.Size())
	}
	m := s.Head(n)
	return m, s.Err
}

// str takes a string of so many bytes, and what it begins with.
func (s *scan) str(head []byte, size int) error {
	if s.names.n == 0 && size > 0 {
		return errors.New("the string table does not begin with the empty string")
	}
	s.names.add(head)
	s.cost += costString + costBytes(int64(size))
	return nil
}

// number takes a field that is one.
func (s *scan) number() error {
	v := s.Number()
	switch s.Field {
	case protowire.ProfileTime:
		if s.nanos != 0 {
			return errSeveral
		}
		s.nanos = int64(v)
	case protowire.ProfileDuration:
		s.duration = int64(v)
	case protowire.ProfileDefaultSampleType:
		s.defaultType = v
		s.refer(v)
		if !s.names.want(v) {
			return errLateNames
		}
	case protowire.ProfileDropFrames, protowire.ProfileKeepFrames, protowire.ProfileDocURL:
		s.refer(v)
	}
	return s.Err
}

// comments takes one or several, each the number of a string.
func (s *scan) comments() error {
	if s.Type == protowire.Varint {
		s.refer(s.Number())
		s.cost += costComment
		return nil
	}
	run, err := s.head(maxMessage, maxMessage, "list of comments")
	if err != nil {
		return err
	}
	for len(run) > 0 {
		v, n := protowire.Uvarint(run)
		if n == 0 {
			return protowire.ErrNumber
		}
		run = run[n:]
		s.refer(v)
		s.cost += costComment
	}
	return nil
}

// unknownField passes over what later versions of the format may have.
func (s *scan) unknownField() error {
	n := s.Size()
	if s.Type == protowire.Varint {
		n = 1
	}
	if s.unknown += int64(n) + 1; s.unknown > maxUnknown {
		return errors.New("too many bytes in unknown fields")
	}
	return nil
}

// refer remembers that the profile refers to a string.
func (s *scan) refer(number uint64) { s.lastString = max(s.lastString, number) }

// whole checks what only the end of the profile tells.
func (s *scan) whole() error {
	switch {
	case s.Err != nil:
		return s.Err
	case s.Offset() == 0:
		return errors.New("empty")
	case s.names.n == 0:
		return errors.New("no string table")
	case s.lastString >= uint64(s.names.n):
		return fmt.Errorf("string %d of %d", s.lastString, s.names.n)
	case s.ntypes == 0:
		return errors.New("no sample types")
	case s.mappings > maxMappings:
		return errMappings
	case s.samples > s.passed && (s.least != s.ntypes || s.most != s.ntypes):
		return fmt.Errorf("samples of %d to %d values, and %d sample types", s.least, s.most, s.ntypes)
	}
	return nil
}
