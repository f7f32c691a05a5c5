package pproftrim

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"slices"
	"time"
)

const (
	other = "other"

	// maxVarint is how long a number of 64 bits can be.
	maxVarint = binary.MaxVarintLen64
	// timeSize is what the time takes at most.
	timeSize = 1 + maxVarint
)

// otherSize is what the sample "other" takes at most, with its location,
// function and string.
func (p *profile) otherSize() int {
	const frame = 4 * (1 + maxVarint)
	return len(other) + maxVarint + 3*frame + (p.columns+1)*maxVarint
}

// write returns the profile with what was chosen, gzipped.
func (p *profile) write(k *choice, start time.Time) ([]byte, error) {
	out := make([]byte, 0, len(p.plain)+timeSize)
	if !k.all {
		out = make([]byte, 0, k.size)
	}
	var place, number int
	err := each(p.plain, func(f field) (err error) {
		kept := true
		switch f.number {
		case profileSample:
			kept = k.all || k.samples[place]
			place++
		case profileLocation:
			kept, err = k.keeps(k.locations, f)
		case profileFunction:
			kept, err = k.keeps(k.functions, f)
		case profileTime:
			kept = start.IsZero()
		case profileString:
			if !k.all && !k.strings[number] {
				kept = false
				out = putBytes(out, profileString, nil)
			}
			number++
		}
		if kept {
			out = append(out, f.raw...)
		}
		return err
	})
	if err == nil && !k.all {
		out, err = p.addOther(out, k)
	}
	if err != nil {
		return nil, err
	}
	if !start.IsZero() {
		out = putNumber(out, profileTime, uint64(start.UnixNano()))
	}
	return deflate(out)
}

// keeps reports whether a location or a function is kept.
func (k *choice) keeps(table map[uint64]bool, f field) (bool, error) {
	if k.all {
		return true, nil
	}
	id, err := idOf(f)
	return table[id], err
}

// addOther appends the sample "other", unless there is nothing in it.
func (p *profile) addOther(out []byte, k *choice) ([]byte, error) {
	total := make([]int64, p.columns)
	var s sample
	for place, kept := range k.samples {
		if kept {
			continue
		}
		if err := s.read(p, place); err != nil {
			return nil, err
		}
		for i, v := range s.values {
			total[i] += v
		}
	}
	if !slices.ContainsFunc(total, func(v int64) bool { return v != 0 }) {
		return out, nil
	}
	id, name := p.highest+1, uint64(len(p.strings))
	out = putBytes(out, profileString, []byte(other))
	out = putBytes(out, profileFunction, putNumber(putNumber(nil, locationID, id), functionName, name))
	line := putNumber(nil, lineFunction, id)
	out = putBytes(out, profileLocation, putBytes(putNumber(nil, locationID, id), locationLine, line))
	var values []byte
	for _, v := range total {
		values = binary.AppendUvarint(values, uint64(v))
	}
	entry := putBytes(nil, sampleLocation, binary.AppendUvarint(nil, id))
	return putBytes(out, profileSample, putBytes(entry, sampleValue, values)), nil
}

func deflate(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	if _, err := zip.Write(plain); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
