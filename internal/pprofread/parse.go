package pprofread

import (
	"fmt"
	"strings"

	"github.com/go-holmes/holmes/internal/protowire"
)

// Parse decodes a profile as runtime/pprof writes it: a protocol buffer,
// gzipped or not. The legacy text forms are not read.
//
// It refuses what is more than 64 MiB when inflated, and allocates at most 20
// times what a profile inflates to; for a real one it is about 4 times, of which
// less than 2 is what it returns. That has at most 64 Mi frames to walk, inlined
// ones and all. The package comment tells errors from missing parts.
func Parse(raw []byte) (*Profile, error) {
	_, p, err := parse(raw)
	return p, err
}

// parse returns the inflated bytes too.
func parse(raw []byte) (plain []byte, p *Profile, err error) {
	if plain, err = inflate(raw); err == nil {
		p, err = decode(plain)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read profile: %w", err)
	}
	return plain, p, nil
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
	if err := protowire.Each(plain, d.measure); err != nil {
		return nil, err
	}
	if err := d.allocate(); err != nil {
		return nil, err
	}
	for _, pass := range []func(*protowire.Cursor) error{d.define, d.locate, d.sample} {
		if err := protowire.Each(plain, pass); err != nil {
			return nil, err
		}
	}
	if err := d.entitle(); err != nil {
		return nil, err
	}
	return d.Profile, nil
}
