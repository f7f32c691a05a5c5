package holmes

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// A crew is a WaitGroup that can be waited for with a deadline, without a
// goroutine that waits on when the deadline has passed, and that knows who is
// missing.
type crew struct {
	mu   sync.Mutex
	in   map[string]int // how many of each name have not left
	gone chan struct{}  // closed when in is empty; nil while nobody waits
}

func (c *crew) join(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in == nil {
		c.in = map[string]int{}
	}
	c.in[name]++
}

func (c *crew) leave(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in[name]--; c.in[name] == 0 {
		delete(c.in, name)
	}
	if len(c.in) == 0 && c.gone != nil {
		close(c.gone)
		c.gone = nil
	}
}

// has reports whether anyone of that name is in.
func (c *crew) has(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.in[name] > 0
}

// wait returns when the crew is empty, or an error that names who is left when
// ctx is done first.
func (c *crew) wait(ctx context.Context) error {
	c.mu.Lock()
	if len(c.in) == 0 {
		c.mu.Unlock()
		return nil
	}
	if c.gone == nil {
		c.gone = make(chan struct{})
	}
	gone := c.gone
	c.mu.Unlock()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		names := slices.Sorted(maps.Keys(c.in))
		return fmt.Errorf("%w: %s: %w", ErrHeld, strings.Join(names, ", "), ctx.Err())
	}
}
