package holmes

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
	// maxPiece bounds a profile that is kept of what is normal, and all CPU
	// profiles together. One of a service of 2000 functions has some 100 KB.
	maxPiece = 512 << 10
	// calmSeconds is how many CPU profiles of baselineCPU are kept: a service
	// that uses a tenth of a core is seen ten times in one of them.
	calmSeconds = 10
)

var errTooLarge = fmt.Errorf("larger than %d KiB, which is all that is kept of what is normal", maxPiece>>10)

// A piece is one profile as the runtime wrote it. The zero piece is none.
type piece struct {
	raw []byte
	at  time.Duration // mono; 0 when another process took it
}

// A normal is what the process looks like while all is well. Its pieces are
// never written to.
type normal struct {
	at                     time.Time // of the latest round; zero when there is none
	cpu                    []piece   // the newest last
	heap, before           piece     // the latest, and that of the round before
	goroutine, beforeThose piece
	ahead                  piece // a heap before the first round
}

func (n *normal) addCPU(p piece) {
	n.cpu = append(slices.Clone(n.cpu), p)
	size := 0
	for i, p := range slices.Backward(n.cpu) {
		if size += len(p.raw); size > maxPiece || len(n.cpu)-i > calmSeconds {
			n.cpu = n.cpu[i+1:]
			return
		}
	}
}

// addHeap makes p the latest. Compared with one of this process it tells what is
// allocated meanwhile.
func (n *normal) addHeap(p piece) {
	n.before, n.heap = n.heap, p
	if n.before.at == 0 {
		n.before = n.ahead
	}
	n.ahead = piece{}
}

func (n *normal) addGoroutine(p piece) { n.beforeThose, n.goroutine = n.goroutine, p }

// parse returns what events are compared with, nil if there is nothing. What
// cannot be read is left out.
func (n *normal) parse() (*diagnose.Baseline, error) {
	if n.at.IsZero() {
		return nil, nil
	}
	var errs []error
	read := func(p piece) *diagnose.Profile {
		if p.raw == nil {
			return nil
		}
		parsed, err := pprofread.Parse(p.raw)
		errs = append(errs, err)
		return parsed
	}
	b := &diagnose.Baseline{EarlierGoroutine: read(n.beforeThose)}
	cpu, err := n.joinedCPU()
	errs = append(errs, err)
	b.CPU, b.Heap, b.Goroutine = read(cpu), read(n.heap), read(n.goroutine)
	if n.heap.at != 0 && n.before.at != 0 {
		b.EarlierHeap, b.HeapSpan = read(n.before), n.heap.at-n.before.at
	}
	return b, errors.Join(errs...)
}

// joinedCPU is all CPU profiles as one.
func (n *normal) joinedCPU() (p piece, err error) {
	switch len(n.cpu) {
	case 0:
		return p, nil
	case 1:
		return n.cpu[0], nil
	}
	raws := make([][]byte, len(n.cpu))
	for i := range n.cpu {
		raws[i] = n.cpu[i].raw
	}
	p.raw, err = pprofread.Join(raws...)
	return p, err
}

// BaselineStats is what holmes knows of what is normal: see [WithBaseline].
type BaselineStats struct {
	// Rounds counts those that were kept. At is when the latest was, and zero
	// when there is nothing to compare events with; it may be before the start,
	// of an earlier run of the same build.
	Rounds uint64
	At     time.Time
	// CPU is the CPU time that rounds took, kept or not.
	CPU time.Duration
	// Err is what was missing from the latest.
	Err error
}

// A normalBook is the normal as it is now. Runs of one Holmes share it.
type normalBook struct {
	mu    sync.Mutex
	now   normal
	stats BaselineStats
}

func (b *normalBook) look() normal {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *normalBook) put(n normal) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = n
}

func (b *normalBook) counted() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stats.Rounds++
}

func (b *normalBook) spent(cpu time.Duration, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stats.CPU += cpu
	b.stats.Err = err
}

func (b *normalBook) tell() BaselineStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.stats
	s.At = b.now.at
	return s
}
