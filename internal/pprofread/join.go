package pprofread

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
)

// Join makes one profile of several of the same kind and process that follow
// each other, as those of a profiler that was stopped and started again: their
// samples one after the other, the times of the first and all durations added
// up. It adds nothing up itself; whoever reads the result does that anyway. The
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
	j.out = binary.AppendUvarint(j.out, profileDuration<<3|wireVarint)
	j.out = binary.AppendUvarint(j.out, uint64(j.duration))
	if len(j.out) > maxInflated {
		return nil, fmt.Errorf("holmes: profile: join: more than %d MiB", maxInflated>>20)
	}
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write(j.out); err != nil {
		return nil, fmt.Errorf("holmes: profile: join: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("holmes: profile: join: %w", err)
	}
	return zipped.Bytes(), nil
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
	label := &message{numbers: map[uint64]space{1: strs, 2: strs, 4: strs}}
	line := &message{numbers: map[uint64]space{lineFunction: functions}}
	return &message{inner: map[uint64]*message{
		profileSample:   {numbers: map[uint64]space{sampleLocation: locations}, inner: map[uint64]*message{3: label}},
		3:               {numbers: map[uint64]space{1: mappings, 5: strs, 6: strs}},
		profileLocation: {numbers: map[uint64]space{locationID: locations, 2: mappings}, inner: map[uint64]*message{locationLine: line}},
		profileFunction: {numbers: map[uint64]space{functionID: functions, functionName: strs, 3: strs, functionFile: strs}},
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
	c := cursor{rest: raw}
	for {
		before := c.rest
		if !c.next() {
			break
		}
		whole := before[:len(before)-len(c.rest)]
		inner := table.inner[c.field]
		switch {
		case c.field == profileDuration:
			j.duration += int64(c.number())
		case c.field == profileString:
			found++
			j.out = append(j.out, whole...)
		case inner != nil:
			body, err := j.shifted(inner, c.bytes())
			if err != nil {
				return err
			}
			j.out = appendBytes(j.out, c.field, body)
		case first: // its header, whose strings keep their numbers
			j.out = append(j.out, whole...)
		}
		if c.field == profileSampleType {
			kinds++
		}
	}
	if first {
		j.kinds = kinds
	}
	if c.err == nil && kinds != j.kinds {
		return errKinds
	}
	j.most[strs] += found
	return c.err
}

// shifted returns a message with its numbers shifted.
func (j *joiner) shifted(m *message, body []byte) (out []byte, err error) {
	c := cursor{rest: body}
	for {
		before := c.rest
		if !c.next() {
			return out, c.err
		}
		of := m.numbers[c.field]
		switch inner := m.inner[c.field]; {
		case inner != nil:
			body, err := j.shifted(inner, c.bytes())
			if err != nil {
				return nil, err
			}
			out = appendBytes(out, c.field, body)
		case of == plain:
			out = append(out, before[:len(before)-len(c.rest)]...)
		case c.wire == wireBytes:
			var packed []byte
			for n := range c.numbers() {
				packed = binary.AppendUvarint(packed, j.move(of, n))
			}
			out = appendBytes(out, c.field, packed)
		default:
			out = binary.AppendUvarint(out, c.field<<3|wireVarint)
			out = binary.AppendUvarint(out, j.move(of, c.number()))
		}
	}
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

func appendBytes(out []byte, field uint64, body []byte) []byte {
	out = binary.AppendUvarint(out, field<<3|wireBytes)
	out = binary.AppendUvarint(out, uint64(len(body)))
	return append(out, body...)
}
