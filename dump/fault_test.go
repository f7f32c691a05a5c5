package dump_test

import (
	"sync"
)

// faults makes operations on the disk fail as a test says.
type faults struct {
	mu    sync.Mutex
	calls int
	when  func(call int, op, name string) error
}

func (f *faults) fault(op, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.when == nil {
		return nil
	}
	return f.when(f.calls, op, name)
}

func (f *faults) set(when func(call int, op, name string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.when, f.calls = when, 0
}

func (f *faults) heal() { f.set(nil) }

// fail makes all operations of a kind fail.
func (f *faults) fail(kind string, err error) {
	f.set(func(_ int, op, _ string) error {
		if op == kind {
			return err
		}
		return nil
	})
}
