package holmes

import (
	"time"

	"github.com/go-holmes/holmes/internal/delivery"
)

// SetFault makes operations on the disk fail as fault says. Call it before
// Start.
func (h *Holmes) SetFault(fault func(op, name string) error) { h.store.Fault = fault }

// SetSpoolEvery sets how often a run looks for orphans. Call it before Start.
func (h *Holmes) SetSpoolEvery(d time.Duration) { h.delivery.Every = d }

// Queued returns the IDs of the events that wait for a reporter.
func (h *Holmes) Queued(reporter string) (ids []string) {
	for _, q := range h.cfg.Load().delivery.Queues {
		if q.Name() == reporter {
			ids = append(ids, q.IDs()...)
		}
	}
	return ids
}

// OnSettled sets what is called for each event that leaves a queue: the reason
// is "" when it was delivered, else why it was dropped. Call it before Start.
func (h *Holmes) OnSettled(f func(reporter, id, reason string)) { h.delivery.OnSettled(f) }

// PauseAfter returns how long a sender waits when so many tries failed in a row.
func PauseAfter(failures int, err error) time.Duration {
	pause, _ := delivery.PauseAfter(failures, err)
	return pause
}

// The limits of the memory buffer.
const (
	MaxInMemory      = delivery.MaxInMemory
	MaxInMemoryBytes = delivery.MaxInMemoryBytes
)

// BytesInMemory returns how many bytes the memory buffer holds.
func (h *Holmes) BytesInMemory() int {
	_, bytes := h.delivery.InMemory()
	return bytes
}
