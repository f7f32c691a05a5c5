package holmes

import (
	"time"
)

// SetFault makes operations on the disk fail as fault says. Call it before
// Start.
func (h *Holmes) SetFault(fault func(op, name string) error) { h.store.Fault = fault }

// SetSpoolEvery sets how often a run looks for what others left. Call it before
// Start.
func (h *Holmes) SetSpoolEvery(d time.Duration) { h.spoolEvery = d }

// Queued returns the ids of the events that wait for a reporter.
func (h *Holmes) Queued(reporter string) (ids []string) {
	for _, o := range h.cfg.Load().outlets {
		if o.name == reporter {
			for _, it := range o.items() {
				ids = append(ids, it.id)
			}
		}
	}
	return ids
}

// OnSettled sets what is told of every event that leaves a queue: "" when it was
// delivered, else why it was dropped. Call it before Start.
func (h *Holmes) OnSettled(f func(reporter, id, reason string)) { h.settled = f }

// PauseAfter is how long a courier waits when so many tries failed in a row.
func PauseAfter(failures int, err error) time.Duration {
	pause, _ := pauseAfter(failures, err)
	return pause
}

// The bounds of what is held in memory.
const (
	MaxHoard      = maxHoard
	MaxHoardBytes = maxHoardBytes
)

// HoardBytes is what is held in memory.
func (h *Holmes) HoardBytes() int {
	h.hoard.mu.Lock()
	defer h.hoard.mu.Unlock()
	return h.hoard.bytes
}
