package capture

import (
	"fmt"
	"slices"
	"time"

	"github.com/go-holmes/holmes/event"
)

// Config is the options about captures.
type Config struct {
	Sampling time.Duration // least duration of CPU and contention profiles
	CPUTime  time.Duration // limit of one capture
	Bytes    uint64        // limit of one capture's memory
	Block    time.Duration // time of blocking for one record; 0 is no block profile
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

// With returns the kinds of an event: the given ones and, if the block profile is on,
// a block profile beside a mutex profile.
func (c *Config) With(kinds []event.Kind) []event.Kind {
	if c.Block > 0 && slices.Contains(kinds, event.KindMutex) && !slices.Contains(kinds, event.KindBlock) {
		return append(slices.Clone(kinds), event.KindBlock)
	}
	return kinds
}

// CheckBlock returns an error if the kinds have a block profile and it is off.
func (c *Config) CheckBlock(kinds []event.Kind) error {
	if c.Block == 0 && slices.Contains(kinds, event.KindBlock) {
		return fmt.Errorf("kind %q needs WithBlockProfile", event.KindBlock)
	}
	return nil
}

// CheckKinds returns the kinds, each once, and an error unless all are known.
func CheckKinds(kinds []event.Kind) (once []event.Kind, err error) {
	for _, k := range kinds {
		if _, ok := Kinds[k]; !ok {
			return nil, fmt.Errorf("kind %q is unknown", k)
		}
		if !slices.Contains(once, k) {
			once = append(once, k)
		}
	}
	return once, nil
}
