package capture

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/humanize"
	"github.com/go-holmes/holmes/internal/pprofread"
)

var (
	// ErrNoRoom is why a profile is missing that would not fit into the memory that
	// is left.
	ErrNoRoom = errors.New("would not fit into the memory that is left")
	// ErrTooCostly is why a profile is missing that would cost more than the options
	// allow.
	ErrTooCostly = errors.New("would cost too much")
)

// An estimate is what a capture is expected to cost.
type estimate struct {
	bytes uint64        // memory while it is taken
	most  uint64        // the same in the worst case, if that is more
	time  time.Duration // CPU time, 0 if that does not depend on the process
}

// affords returns an error for a capture that could itself bring the process over its
// memory limit, or that would cost more than the options allow. The worst case counts
// for the limit, because the kernel kills, and the expected one for the options. No
// capture stops the world for longer than the runtime does by itself: profiles are
// taken while it runs, except for two pauses whose length does not depend on the
// process.
func (t *Taker) affords(c estimate) error {
	most := max(c.bytes, c.most)
	switch room := t.room(); {
	case most > room:
		return fmt.Errorf("%w: it needs about %d KiB of %d KiB", ErrNoRoom, most>>10, room>>10)
	case c.bytes > t.Config.Bytes:
		return fmt.Errorf("%w: it needs about %d MiB of memory, WithCaptureBudget allows %d MiB", ErrTooCostly, c.bytes>>20, t.Config.Bytes>>20)
	case c.time > t.Config.CPUTime:
		return fmt.Errorf("%w: it takes about %s of CPU time, WithCaptureBudget allows %s",
			ErrTooCostly, humanize.Duration(c.time), humanize.Duration(t.Config.CPUTime))
	}
	return nil
}

// room returns how many bytes can be allocated now: the last tick is up to a second ago, in
// which a leak or the capture before this one may have used them up.
func (t *Taker) room() uint64 {
	now, _ := t.Meter.MemoryNow(&t.Measure, t.clock.Mono()) // it has the room even with an error
	return now.Room
}

// allows returns an error for a capture of the kind that could bring the process
// over its memory limit, or that would cost more than the options allow.
func (t *Taker) allows(k event.Kind) error { return t.affords(t.estimate(k)) }

func (t *Taker) estimate(k event.Kind) estimate { return t.costs.of(k, t.Kinds[k], t.clock.Mono()) }

// Learn records what a profile holds.
func (p *Process) Learn(k event.Kind, profile *pprofread.Profile) {
	if k != event.KindGoroutine {
		return
	}
	column, ok := pprofread.ColumnOf(profile, string(k))
	if !ok {
		return
	}
	var goroutines, frames float64
	for s := range profile.Samples() {
		n, depth := float64(column.Value(s)), s.Depth()
		if depth < 2 {
			continue // it has not run yet, and its stack does not tell how deep it will be
		}
		goroutines += n
		frames += n * float64(depth)
	}
	if goroutines < minLearned {
		return
	}
	p.costs.learnFrames(frames/goroutines, p.clock.Mono())
}
