package capture

import (
	"fmt"
	"slices"
	"time"

	"github.com/go-holmes/holmes/event"
)

// Config is what the options say about captures.
type Config struct {
	Sampling time.Duration // that CPU and contention profiles last at least
	CPUTime  time.Duration // that one capture may take
	Bytes    uint64        // of memory that one capture may take
	Block    time.Duration // of blocking for one record; 0 is no block profile
	Recorder RecorderMode
	ForceGC  bool
}

// A RecorderMode says when the flight recorder is armed.
type RecorderMode int

// The modes of the flight recorder.
const (
	RecorderOnSuspicion RecorderMode = iota // from the second suspicious sample to the verdict
	RecorderOff
	RecorderAlways
)

// With returns the kinds that an event of these kinds has: with a block rate,
// blocking beside locks.
func (c *Config) With(kinds []event.Kind) []event.Kind {
	if c.Block > 0 && slices.Contains(kinds, event.KindMutex) && !slices.Contains(kinds, event.KindBlock) {
		return append(slices.Clone(kinds), event.KindBlock)
	}
	return kinds
}

// CheckBlock refuses a block profile whose rate is not known.
func (c *Config) CheckBlock(kinds []event.Kind) error {
	if c.Block == 0 && slices.Contains(kinds, event.KindBlock) {
		return fmt.Errorf("kind %q needs WithBlockProfile", event.KindBlock)
	}
	return nil
}

// CheckKinds returns an error unless all kinds are known.
func CheckKinds(kinds []event.Kind) error {
	for _, k := range kinds {
		if _, ok := Kinds[k]; !ok {
			return fmt.Errorf("kind %q is unknown", k)
		}
	}
	return nil
}
