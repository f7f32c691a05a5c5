package supervise

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// ErrHeld is returned by [Group.Wait] when its context ends before every task
// does; the error names the tasks that are left.
var ErrHeld = errors.New("holmes: stopped, but something has not returned")

// A Group is a set of named tasks. Unlike a WaitGroup, it can be waited for with a
// deadline, without a goroutine that keeps waiting after the deadline.
type Group struct {
	mu      sync.Mutex
	closed  bool
	running map[string]int // tasks of each name
	empty   chan struct{}  // closed when the last task ends; nil while there is no waiter
}

// Join adds a task.
func (g *Group) Join(name string) {
	g.mu.Lock()
	g.join(name)
	g.mu.Unlock()
}

// Enter adds a task unless the group is closed, and reports whether it did.
func (g *Group) Enter(name string) bool {
	g.mu.Lock()
	open := !g.closed
	if open {
		g.join(name)
	}
	g.mu.Unlock()
	return open
}

func (g *Group) join(name string) {
	if g.running == nil {
		g.running = map[string]int{}
	}
	g.running[name]++
}

// Close makes every later Enter fail.
func (g *Group) Close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
}

// Leave removes a task that was added under the name.
func (g *Group) Leave(name string) {
	g.mu.Lock()
	if g.running[name]--; g.running[name] == 0 {
		delete(g.running, name)
	}
	if len(g.running) == 0 && g.empty != nil {
		close(g.empty)
		g.empty = nil
	}
	g.mu.Unlock()
}

// Has reports whether a task of that name is running.
func (g *Group) Has(name string) bool {
	g.mu.Lock()
	has := g.running[name] > 0
	g.mu.Unlock()
	return has
}

// Wait returns when no task is left. When ctx ends first, it returns an error
// that wraps [ErrHeld] and names the tasks that are left.
func (g *Group) Wait(ctx context.Context) error {
	g.mu.Lock()
	if len(g.running) == 0 {
		g.mu.Unlock()
		return nil
	}
	if g.empty == nil {
		g.empty = make(chan struct{})
	}
	empty := g.empty
	g.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		g.mu.Lock()
		names := slices.Sorted(maps.Keys(g.running))
		g.mu.Unlock()
		return fmt.Errorf("%w: %s: %w", ErrHeld, strings.Join(names, ", "), ctx.Err())
	}
}
