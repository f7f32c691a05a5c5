// Package audit records actions.
package audit

import (
	"fmt"
	"hash/crc32"
	"sync"
)

// A Trail is a chain of actions, each link of which seals the one before.
type Trail struct {
	mu   sync.Mutex
	seal uint32
}

// Write adds an action.
func (t *Trail) Write(who int, what string, values map[string]any) {
	text := t.describe(who, what, values)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seal = crc32.Update(t.seal, crc32.IEEETable, []byte(text))
}

// describe puts it into words, one by one.
func (t *Trail) describe(who int, what string, values map[string]any) string {
	text := fmt.Sprintf("customer %d: %s", who, what)
	for name, v := range values {
		text += fmt.Sprintf("; %s=%v", name, v) //nolint:modernize // what a scenario is about
	}
	return text
}

// Seal is that of the last link.
func (t *Trail) Seal() uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.seal
}
