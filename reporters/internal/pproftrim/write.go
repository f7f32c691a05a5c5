package pproftrim

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"slices"
	"time"

	"github.com/go-holmes/holmes/internal/protowire"
)

const (
	other = "other"

	// timeSize is what the time takes at most.
	timeSize = 1 + protowire.MaxVarint
)

// otherSize is what the sample "other" takes at most, with its location,
// function and string.
func (p *profile) otherSize() int {
	const frame = 4 * (1 + protowire.MaxVarint)
	return len(other) + protowire.MaxVarint + 3*frame + (p.columns+1)*protowire.MaxVarint
}

// write returns the profile with what was chosen, gzipped.
func (p *profile) write(k *choice, start time.Time) ([]byte, error) {
	out := make([]byte, 0, len(p.plain)+timeSize)
	if !k.all {
		out = make([]byte, 0, k.size)
	}
	var place, number int
	err := protowire.Each(p.plain, func(c *protowire.Cursor) (err error) {
		kept := true
		switch c.Field {
		case protowire.ProfileSample:
			kept = k.all || k.samples[place]
			place++
		case protowire.ProfileLocation:
			kept, err = k.keeps(k.locations, c.Bytes())
		case protowire.ProfileFunction:
			kept, err = k.keeps(k.functions, c.Bytes())
		case protowire.ProfileTime:
			kept = start.IsZero()
		case protowire.ProfileString:
			if !k.all && !k.strings[number] {
				kept = false
				out = protowire.AppendBytes(out, protowire.ProfileString, nil)
			}
			number++
		}
		if kept {
			out = append(out, c.Raw()...)
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
		out = protowire.AppendNumber(out, protowire.ProfileTime, uint64(start.UnixNano()))
	}
	return deflate(out)
}

// keeps reports whether a location or a function is kept.
func (k *choice) keeps(table map[uint64]bool, message []byte) (bool, error) {
	if k.all {
		return true, nil
	}
	id, err := idOf(message)
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
	out = protowire.AppendBytes(out, protowire.ProfileString, []byte(other))
	out = protowire.AppendBytes(out, protowire.ProfileFunction, protowire.AppendNumber(protowire.AppendNumber(nil, protowire.LocationID, id), protowire.FunctionName, name))
	line := protowire.AppendNumber(nil, protowire.LineFunction, id)
	out = protowire.AppendBytes(out, protowire.ProfileLocation, protowire.AppendBytes(protowire.AppendNumber(nil, protowire.LocationID, id), protowire.LocationLine, line))
	var values []byte
	for _, v := range total {
		values = binary.AppendUvarint(values, uint64(v))
	}
	entry := protowire.AppendBytes(nil, protowire.SampleLocation, binary.AppendUvarint(nil, id))
	return protowire.AppendBytes(out, protowire.ProfileSample, protowire.AppendBytes(entry, protowire.SampleValue, values)), nil
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
