package pprofread

import (
	"fmt"
	"strings"
)

// The numbers of the fields that are read, by the message that they are in.
const (
	profileSampleType        = 1
	profileSample            = 2
	profileLocation          = 4
	profileFunction          = 5
	profileString            = 6
	profileTime              = 9
	profileDuration          = 10
	profilePeriodType        = 11
	profilePeriod            = 12
	profileDefaultSampleType = 14

	valueTypeType = 1
	valueTypeUnit = 2

	sampleLocation = 1
	sampleValue    = 2

	locationID   = 1
	locationLine = 4

	lineFunction = 1
	lineNumber   = 2

	functionID   = 1
	functionName = 2
	functionFile = 4
)

// Parse decodes a profile as runtime/pprof writes it: a protocol buffer,
// gzipped or not. The text forms of old are not read.
//
// It refuses what is more than 64 MiB when inflated, and allocates at most 20
// times what a profile inflates to; for a real one it is about 4 times, of which
// less than 2 is what it returns. That has at most 64 Mi frames to walk, inlined
// ones and all. The package comment says what is an error and what is merely
// missing.
func Parse(raw []byte) (*Profile, error) {
	plain, err := inflate(raw)
	if err != nil {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	p, err := decode(plain)
	if err != nil {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	return p, nil
}

// A decoder fills a profile. Messages refer to others that may come later, so
// it passes over them several times; one that is not wanted is skipped.
type decoder struct {
	*Profile
	sizes       sizes
	header      header
	texts       strings.Builder
	functionIDs ids
	locationIDs ids
	walked      uint64 // frames of all samples, inlined ones and all
}

func decode(plain []byte) (*Profile, error) {
	d := decoder{Profile: new(Profile)}
	if err := each(plain, d.measure); err != nil {
		return nil, err
	}
	if err := d.allocate(); err != nil {
		return nil, err
	}
	for _, pass := range []func(*cursor) error{d.define, d.locate, d.sample} {
		if err := each(plain, pass); err != nil {
			return nil, err
		}
	}
	if err := d.entitle(); err != nil {
		return nil, err
	}
	return d.Profile, nil
}

// each calls visit at each field of a message.
func each(message []byte, visit func(*cursor) error) error {
	c := cursor{rest: message}
	for c.next() {
		if err := visit(&c); err != nil {
			return err
		}
	}
	return c.err
}
