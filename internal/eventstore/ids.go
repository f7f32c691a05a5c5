package eventstore

import (
	"fmt"
	"sync"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/dump"
)

// IDs makes the IDs of events.
type IDs struct {
	Random func() uint32

	mu   sync.Mutex
	last time.Time
}

// Next returns the ID of an event: its time, its signal, and a random number. The IDs
// of one process rise even if the wall clock is set back.
func (n *IDs) Next(at time.Time, s detect.Signal) string {
	n.mu.Lock()
	at = at.Round(0) // without the monotonic clock
	if !at.After(n.last) {
		at = n.last.Add(time.Nanosecond)
	}
	n.last = at
	random := n.Random()
	n.mu.Unlock()
	return fmt.Sprintf("%s-%s-%08x", at.UTC().Format(dump.IDLayout), s, random)
}

// BoxName returns the name of a black box that is opened at a time.
func (n *IDs) BoxName(at time.Time) string {
	return fmt.Sprintf("%s-%08x", at.UTC().Format(dump.IDLayout), n.Random())
}
