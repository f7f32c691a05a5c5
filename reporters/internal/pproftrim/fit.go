package pproftrim

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// maxInflated bounds what is held of a profile while it is rewritten.
const maxInflated = 32 << 20

// Limits are what a profile has to fit into, and what else is to change.
type Limits struct {
	// Bytes is of the uncompressed profile. Zero is no limit.
	Bytes int64
	// Samples is how many there may be, "other" included. Zero is no limit.
	Samples int
	// Start is the time to move the profile to. Zero leaves it.
	Start time.Time
}

// A Trimmed is a profile that fits.
type Trimmed struct {
	// Profile is gzipped.
	Profile []byte
	// Dropped is how many samples are in "other" now.
	Dropped int
}

// Fit returns the profile within its limits, with strings that are UTF-8. It holds it whole, and fails for
// one that inflates to more than 32 MiB, cannot be read, or cannot be made to
// fit. Size is what [Scan] says of it.
func Fit(raw io.Reader, size Size, l Limits) (Trimmed, error) {
	plain, err := readAll(raw, size.Bytes)
	if err != nil {
		return Trimmed{}, fmt.Errorf("trim profile: %w", err)
	}
	p, err := read(plain)
	if err != nil {
		return Trimmed{}, fmt.Errorf("trim profile: %w", err)
	}
	p.makeText()
	k, err := p.choose(l)
	if err != nil {
		return Trimmed{}, fmt.Errorf("trim profile: %w", err)
	}
	out, err := p.write(k, l.Start)
	if err != nil {
		return Trimmed{}, fmt.Errorf("trim profile: %w", err)
	}
	return Trimmed{Profile: out, Dropped: len(p.samples) - k.count}, nil
}

func readAll(raw io.Reader, size int64) ([]byte, error) {
	if size > maxInflated {
		return nil, fmt.Errorf("it inflates to more than %d MiB", maxInflated>>20)
	}
	in, err := inflate(raw)
	if err != nil {
		return nil, err
	}
	plain := make([]byte, size)
	if _, err := io.ReadFull(in, plain); err != nil {
		return nil, err
	}
	return plain, nil
}

var errTooLarge = errors.New("it does not fit even without its samples")

// choose keeps the largest samples, as many as there is room for.
func (p *profile) choose(l Limits) (*choice, error) {
	if (l.Bytes == 0 || int64(len(p.plain)+timeSize) <= l.Bytes) && (l.Samples == 0 || len(p.samples) <= l.Samples) {
		return &choice{p: p, all: true, count: len(p.samples)}, nil
	}
	places, err := p.bySize()
	if err != nil {
		return nil, err
	}
	k := newChoice(p)
	if l.Bytes > 0 && int64(k.size) > l.Bytes {
		return nil, errTooLarge
	}
	for _, place := range places {
		// One place is for "other".
		if l.Samples > 0 && k.count+1 >= l.Samples {
			break
		}
		more, err := k.with(place)
		if err != nil {
			return nil, err
		}
		if l.Bytes > 0 && int64(k.size+more.size) > l.Bytes {
			break
		}
		k.add(more)
	}
	return k, nil
}
