package safepprof

import (
	"errors"
	"fmt"
	"io"

	"github.com/go-holmes/holmes/internal/protowire"
)

// A scan is one check of one profile. Scans are used again, since they are large.
type scan struct {
	stream
	names   names
	limits  *Limits
	shallow bool

	types       [maxSampleTypes]valueType
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
	unknown           uint64 // bytes
	cost              float64
}

type valueType struct{ typ, unit uint64 }

// reset makes s as good as new.
func (s *scan) reset(limits *Limits) {
	s.names.reset()
	s.limits = limits
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
	for s.more() {
		if s.shallow && s.passOver() {
			continue
		}
		if field, m, ok := s.near(); ok {
			if err := s.part(field, m); err != nil {
				s.fail(err)
			}
		} else if key := s.uvarint(); s.err == nil {
			s.field(key>>3, key&7)
		}
		if s.cost > float64(s.limits.Decoded) {
			return tooLarge(Decoded, s.limits.Decoded)
		}
	}
	if !errors.Is(s.err, io.EOF) {
		return s.err
	}
	return s.whole()
}

// field looks at one field of the profile. What is wrong with it ends the stream.
func (s *scan) field(field, typ uint64) {
	var err error
	switch field {
	case 0:
		err = errZero
	case protowire.ProfileString:
		err = s.longString(typ)
	case protowire.ProfileSampleType, protowire.ProfileSample, protowire.ProfileMapping, protowire.ProfileLocation, protowire.ProfileFunction, protowire.ProfilePeriodType:
		err = s.message(field, typ)
	case protowire.ProfileComment:
		err = s.comments(typ)
	case protowire.ProfileDropFrames, protowire.ProfileKeepFrames, protowire.ProfileTime, protowire.ProfileDuration, protowire.ProfilePeriod,
		protowire.ProfileDefaultSampleType, protowire.ProfileDocURL:
		err = s.number(field, typ)
	default:
		err = s.unknownField(typ)
	}
	if err != nil {
		s.fail(err)
	}
}

// length reads how long a field is that must be of a length.
func (s *scan) length(typ uint64, limit int, what string) (int, error) {
	if typ != protowire.Bytes {
		return 0, protowire.ErrType
	}
	n := s.uvarint()
	if n > uint64(limit) {
		return 0, fmt.Errorf("a %s of %d bytes", what, n)
	}
	return int(n), nil
}

// longString takes a string of the table, of which no more than the beginning is
// looked at.
func (s *scan) longString(typ uint64) error {
	n, err := s.length(typ, maxString, "string")
	if err != nil {
		return err
	}
	head := min(n, keptName)
	err = s.str(s.bytes(head), n)
	s.skip(uint64(n - head))
	return err
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
func (s *scan) number(field, typ uint64) error {
	if typ != protowire.Varint {
		return protowire.ErrType
	}
	v := s.uvarint()
	switch field {
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
	return nil
}

// comments takes one or several, each the number of a string.
func (s *scan) comments(typ uint64) error {
	if typ == protowire.Varint {
		s.refer(s.uvarint())
		s.cost += costComment
		return nil
	}
	n, err := s.length(typ, maxMessage, "list of comments")
	if err != nil {
		return err
	}
	run := s.bytes(n)
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
func (s *scan) unknownField(typ uint64) error {
	n := uint64(1)
	switch typ {
	case protowire.Varint:
		s.uvarint()
	case protowire.Fixed64:
		n = 8
	case protowire.Fixed32:
		n = 4
	case protowire.Bytes:
		n = s.uvarint()
	default:
		return protowire.ErrType
	}
	if s.unknown += min(n, maxUnknown+1) + 1; s.unknown > maxUnknown {
		return errors.New("too many bytes in unknown fields")
	}
	if typ != protowire.Varint {
		s.skip(n)
	}
	return nil
}

// refer remembers that the profile refers to a string.
func (s *scan) refer(number uint64) { s.lastString = max(s.lastString, number) }

// whole checks what only the end of the profile tells.
func (s *scan) whole() error {
	switch {
	case s.offset() == 0:
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
