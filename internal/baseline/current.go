package baseline

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/pprofread"
)

const (
	// maxProfile is the maximum size of a profile of the baseline, and of all its
	// CPU profiles together. A profile of a service with 2000 functions has some
	// 100 KB.
	maxProfile = 512 << 10
	// keptCPU is how many CPU profiles are kept. One profile has ten samples of a
	// service that uses a tenth of a core.
	keptCPU = 10
)

var errTooLarge = fmt.Errorf("larger than %d KiB, the limit for a profile of the baseline", maxProfile>>10)

// A profile is a baseline profile as the runtime wrote it. The zero profile is none.
type profile struct {
	raw []byte
	at  time.Duration // mono; 0 if another process took it
}

// A Baseline is the profiles of the process in calm times. They are not changed. The
// zero Baseline has none.
type Baseline struct {
	At       time.Time      // of the latest round; zero if there is none
	Readings event.Readings // of the latest round, with the means

	cpu                         []profile // the newest last
	heap, earlierHeap           profile   // of the latest round and of the round before
	goroutine, earlierGoroutine profile
	first                       profile // a heap profile before the first round
}

// HeapAt returns when the heap profile was taken, by the monotonic clock, and 0 if
// this process has taken none.
func (b *Baseline) HeapAt() time.Duration { return b.heap.at }

// idle is below what a service with clients uses, in cores.
const idle = 0.02

// IdleBeside reports whether the process was idle when the baseline was taken, and is
// not at an event with these readings. Then all of its load would be an anomaly.
func (b *Baseline) IdleBeside(r *event.Readings) bool {
	return b.Readings.Cores > 0 && load(&b.Readings) < idle && load(r) >= 5*idle
}

func load(r *event.Readings) (cores float64) { return r.CPUPercent / 100 * r.Cores }

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

// addHeap makes p the latest heap profile. The difference to an earlier one of this
// process shows what is allocated in calm times.
func (b *Baseline) addHeap(p profile) {
	b.earlierHeap, b.heap = b.heap, p
	if b.earlierHeap.at == 0 {
		b.earlierHeap = b.first
	}
	b.first = profile{}
}

func (b *Baseline) addGoroutine(p profile) { b.earlierGoroutine, b.goroutine = b.goroutine, p }

// Parse returns the baseline in the form for a diagnosis, nil if there is none. A
// profile that cannot be parsed is left out and returned as an error.
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
	out.Memory = b.Readings.MemoryParts
	out.CPU, out.Heap, out.Goroutine = read(cpu), read(b.heap), read(b.goroutine)
	if b.heap.at != 0 && b.earlierHeap.at != 0 {
		out.EarlierHeap, out.HeapSpan = read(b.earlierHeap), b.heap.at-b.earlierHeap.at
	}
	return out, errors.Join(errs...)
}

// Needs returns how many bytes it takes to parse the profiles and to judge by them, and 0
// if there are none.
func (b *Baseline) Needs() (bytes uint64) {
	for _, p := range []profile{b.heap, b.earlierHeap, b.goroutine, b.earlierGoroutine} {
		if p.raw != nil {
			bytes += pprofread.Needs(p.raw)
		}
	}
	for _, p := range b.cpu {
		bytes += 2 * pprofread.Needs(p.raw) // they are joined first
	}
	if len(b.cpu) > 1 {
		bytes += joinNeeds
	}
	return bytes
}

// joinNeeds is what the compressor takes that joins profiles.
const joinNeeds = 2 << 20

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

// Stats is the statistics of the baseline, in the shape of the root's BaselineStats,
// which describes the fields.
type Stats struct {
	Rounds uint64
	At     time.Time
	CPU    time.Duration
	Err    error
}

// A Current is the current baseline, which the runs of one Holmes share.
type Current struct {
	mu    sync.Mutex
	now   Baseline
	stats Stats
}

// Baseline returns the current baseline.
func (c *Current) Baseline() Baseline {
	c.mu.Lock()
	now := c.now
	c.mu.Unlock()
	return now
}

// Mean returns the mean that a signal had before the process was restarted, and 0 if it
// is unknown.
func (c *Current) Mean(s detect.Signal) float64 {
	c.mu.Lock()
	mean := c.now.Readings.Means[s]
	c.mu.Unlock()
	return mean
}

// Stats returns the statistics.
func (c *Current) Stats() Stats {
	c.mu.Lock()
	s := c.stats
	s.At = c.now.At
	c.mu.Unlock()
	return s
}

func (c *Current) change(f func(now *Baseline, s *Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.now, &c.stats)
}
