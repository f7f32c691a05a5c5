package pprofread

import (
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/go-holmes/holmes/internal/protowire"
)

// Join makes one profile of several of the same kind and process that follow
// each other, as those of a profiler that was stopped and started again: their
// samples one after the other, the times of the first and all durations added
// up. It adds no values up, which all readers of profiles do. The
// result is gzipped. Join fails on what [Parse] would not read, and on kinds
// that differ.
//
// Nothing is decoded: the messages are copied, and the numbers that they refer
// to each other with are shifted, so that those of different profiles differ.
func Join(raws ...[]byte) ([]byte, error) {
	j := joiner{}
	for i, raw := range raws {
		plain, err := inflate(raw)
		if err == nil {
			err = j.add(plain, i == 0)
		}
		if err != nil {
			return nil, fmt.Errorf("holmes: profile: join part %d: %w", i+1, err)
		}
	}
	j.out = protowire.AppendNumber(j.out, protowire.ProfileDuration, uint64(j.duration))
	if len(j.out) > maxInflated {
		return nil, fmt.Errorf("holmes: profile: join: more than %d MiB", maxInflated>>20)
	}
	zipped, err := Deflate(j.out, gzip.DefaultCompression)
	if err != nil {
		return nil, fmt.Errorf("holmes: profile: join: %w", err)
	}
	return zipped, nil
}

// A space is what numbers are taken from.
type space int

const (
	plain space = iota // a number that stands for itself
	strs
	mappings
	locations
	functions
	spaces
)

// A message says of its fields what their numbers are of, or which message
// they hold. A field that is not in it is copied as it is.
type message struct {
	numbers map[uint64]space
	inner   map[uint64]*message
}

// parts is what of a profile belongs to its samples; the rest is said once.
func parts() *message {
	label := &message{numbers: map[uint64]space{
		protowire.LabelKey: strs, protowire.LabelString: strs, protowire.LabelUnit: strs,
	}}
	line := &message{numbers: map[uint64]space{protowire.LineFunction: functions}}
	return &message{inner: map[uint64]*message{
		protowire.ProfileSample: {
			numbers: map[uint64]space{protowire.SampleLocation: locations},
			inner:   map[uint64]*message{protowire.SampleLabel: label},
		},
		protowire.ProfileMapping: {numbers: map[uint64]space{
			protowire.MappingID: mappings, protowire.MappingFile: strs, protowire.MappingBuildID: strs,
		}},
		protowire.ProfileLocation: {
			numbers: map[uint64]space{protowire.LocationID: locations, protowire.LocationMapping: mappings},
			inner:   map[uint64]*message{protowire.LocationLine: line},
		},
		protowire.ProfileFunction: {numbers: map[uint64]space{
			protowire.FunctionID: functions, protowire.FunctionName: strs,
			protowire.FunctionSystemName: strs, protowire.FunctionFile: strs,
		}},
	}}
}

// A joiner is a profile in the making.
type joiner struct {
	out      []byte
	shift    [spaces]uint64 // what is added to the numbers of the present profile
	most     [spaces]uint64 // the largest number so far, shifted
	duration int64
	kinds    int // of values
}

var errKinds = errors.New("other kinds of value")

func (j *joiner) add(raw []byte, first bool) error {
	j.shift = j.most
	table := parts()
	found, kinds := uint64(0), 0
	c := protowire.Walk(raw)
	for c.Next() {
		inner := table.inner[c.Field]
		switch {
		case c.Field == protowire.ProfileDuration:
			j.duration += int64(c.Number())
		case c.Field == protowire.ProfileString:
			found++
			j.out = append(j.out, c.Raw()...)
		case inner != nil:
			body, err := j.shifted(inner, c.Bytes())
			if err != nil {
				return err
			}
			j.out = protowire.AppendBytes(j.out, c.Field, body)
		case first: // its header, whose strings keep their numbers
			j.out = append(j.out, c.Raw()...)
		}
		if c.Field == protowire.ProfileSampleType {
			kinds++
		}
	}
	if first {
		j.kinds = kinds
	}
	if c.Err == nil && kinds != j.kinds {
		return errKinds
	}
	j.most[strs] += found
	return c.Err
}

// shifted returns a message with its numbers shifted.
func (j *joiner) shifted(m *message, body []byte) (out []byte, err error) {
	c := protowire.Walk(body)
	for c.Next() {
		of := m.numbers[c.Field]
		switch inner := m.inner[c.Field]; {
		case inner != nil:
			body, err := j.shifted(inner, c.Bytes())
			if err != nil {
				return nil, err
			}
			out = protowire.AppendBytes(out, c.Field, body)
		case of == plain:
			out = append(out, c.Raw()...)
		case c.Type == protowire.Bytes:
			var packed []byte
			for n := range c.Numbers() {
				packed = binary.AppendUvarint(packed, j.move(of, n))
			}
			out = protowire.AppendBytes(out, c.Field, packed)
		default:
			out = protowire.AppendNumber(out, c.Field, j.move(of, c.Number()))
		}
	}
	return out, c.Err
}

// move shifts one number; 0 stands for none in all spaces.
func (j *joiner) move(of space, n uint64) uint64 {
	if n == 0 {
		return 0
	}
	n += j.shift[of]
	if of != strs { // these are counted
		j.most[of] = max(j.most[of], n)
	}
	return n
}
