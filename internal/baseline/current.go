package baseline

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/internal/pprofread"
)

const (
	// maxProfile bounds a profile of the baseline, and all its CPU profiles
	// together. One of a service of 2000 functions has some 100 KB.
	maxProfile = 512 << 10
	// keptCPU is how many CPU profiles are kept: a service that uses a tenth of
	// a core is seen ten times in one of them.
	keptCPU = 10
)

var errTooLarge = fmt.Errorf("larger than %d KiB, which is all that is kept of the baseline", maxProfile>>10)

// A profile is as the runtime wrote it. The zero profile is none.
type profile struct {
	raw []byte
	at  time.Duration // mono; 0 when another process took it
}

// A Baseline is what the process looks like while all is well. Its profiles are
// never written to. The zero Baseline is none.
type Baseline struct {
	At time.Time // of the latest round; zero when there is none

	cpu                         []profile // the newest last
	heap, earlierHeap           profile   // the latest, and that of the round before
	goroutine, earlierGoroutine profile
	first                       profile // a heap before the first round
}

// HeapAt returns when the heap profile was taken, by the monotonic clock; 0 when
// there is none of this process.
func (b *Baseline) HeapAt() time.Duration { return b.heap.at }

func (b *Baseline) addCPU(p profile) {
	b.cpu = append(slices.Clone(b.cpu), p)
	size := 0
	for i, p := range slices.Backward(b.cpu) {
		if size += len(p.raw); size > maxProfile || len(b.cpu)-i > keptCPU {
			b.cpu = b.cpu[i+1:]
			return
		}
	}
}

// addHeap makes p the latest. Compared with an earlier one of this process it
// tells what is allocated meanwhile.
func (b *Baseline) addHeap(p profile) {
	b.earlierHeap, b.heap = b.heap, p
	if b.earlierHeap.at == 0 {
		b.earlierHeap = b.first
	}
	b.first = profile{}
}

func (b *Baseline) addGoroutine(p profile) { b.earlierGoroutine, b.goroutine = b.goroutine, p }

// Parse returns what events are compared with, nil if there is nothing. What
// cannot be read is left out.
func (b *Baseline) Parse() (*diagnose.Baseline, error) {
	if b.At.IsZero() {
		return nil, nil
	}
	var errs []error
	read := func(p profile) *diagnose.Profile {
		if p.raw == nil {
			return nil
		}
		parsed, err := pprofread.Parse(p.raw)
		errs = append(errs, err)
		return parsed
	}
	out := &diagnose.Baseline{EarlierGoroutine: read(b.earlierGoroutine)}
	cpu, err := b.joinedCPU()
	errs = append(errs, err)
	out.CPU, out.Heap, out.Goroutine = read(cpu), read(b.heap), read(b.goroutine)
	if b.heap.at != 0 && b.earlierHeap.at != 0 {
		out.EarlierHeap, out.HeapSpan = read(b.earlierHeap), b.heap.at-b.earlierHeap.at
	}
	return out, errors.Join(errs...)
}

// joinedCPU returns all CPU profiles as one.
func (b *Baseline) joinedCPU() (p profile, err error) {
	switch len(b.cpu) {
	case 0:
		return p, nil
	case 1:
		return b.cpu[0], nil
	}
	raws := make([][]byte, len(b.cpu))
	for i := range b.cpu {
		raws[i] = b.cpu[i].raw
	}
	p.raw, err = pprofread.Join(raws...)
	return p, err
}

// Stats is what is known of the baseline.
type Stats struct {
	Rounds uint64        // kept
	At     time.Time     // of the latest; zero when there is nothing to compare events with
	CPU    time.Duration // that rounds took, kept or not
	Err    error         // what was missing from the latest
}

// A Current is the baseline as it is now. The runs of one Holmes share it.
type Current struct {
	mu    sync.Mutex
	now   Baseline
	stats Stats
}

// Look returns the baseline.
func (c *Current) Look() Baseline {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Stats returns what is known of it.
func (c *Current) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.At = c.now.At
	return s
}

func (c *Current) change(f func(now *Baseline, s *Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.now, &c.stats)
}
