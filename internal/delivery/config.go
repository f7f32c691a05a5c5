package delivery

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/supervise"
)

// Config is the options about reporters. It is not changed once it is in use.
type Config struct {
	Queues []*Queue
}

// Clone returns a copy with the same queues.
func (c *Config) Clone() Config { return Config{slices.Clone(c.Queues)} }

// Add adds a reporter under its own name, and returns its queue. The second reporter
// of a name is "name#2".
func (c *Config) Add(r event.Reporter) *Queue {
	base := nameOf(r)
	name := base
	for n := 2; c.index(name) >= 0; n++ {
		name = base + "#" + strconv.Itoa(n)
	}
	q := newQueue(r, name, nil)
	c.Queues = append(c.Queues, q)
	return q
}

// Put adds a reporter under a name. It replaces the reporter of that name, or removes
// it if r is nil.
func (c *Config) Put(name string, r event.Reporter) {
	at := c.index(name)
	switch {
	case r == nil && at >= 0:
		c.Queues = slices.Delete(c.Queues, at, at+1)
	case r == nil:
	case at >= 0:
		c.Queues[at] = newQueue(r, name, c.Queues[at])
	default:
		c.Queues = append(c.Queues, newQueue(r, name, nil))
	}
}

// Replace adds a reporter, and removes the first one for which is returns true. If
// both have the same name, the new one gets the events that wait for the old one.
func (c *Config) Replace(is func(event.Reporter) bool, r event.Reporter) {
	old := c.Find(is)
	if old != nil {
		c.Put(old.name, nil)
	}
	if q := c.Add(r); old != nil && old.name == q.name {
		q.before.Store(old)
	}
}

// Find returns the queue of the first reporter for which is returns true, or nil.
func (c *Config) Find(is func(event.Reporter) bool) *Queue {
	for _, q := range c.Queues {
		if is(q.reporter) {
			return q
		}
	}
	return nil
}

// Has reports whether there is a reporter of that name.
func (c *Config) Has(name string) bool { return c.index(name) >= 0 }

// index returns the index of the reporter with that name, or -1.
func (c *Config) index(name string) int {
	return slices.IndexFunc(c.Queues, func(q *Queue) bool { return q.name == name })
}

// timeoutOf returns how long a call of the reporter may take, if it says so, else 0.
func timeoutOf(r event.Reporter) (d time.Duration) {
	_ = supervise.Protect(func() error { // after a panic it has said nothing
		if t, ok := r.(interface{ Timeout() time.Duration }); ok {
			d = t.Timeout()
		}
		return nil
	})
	return d
}

func names(queues []*Queue) (out []string) {
	for _, q := range queues {
		out = append(out, q.name)
	}
	return out
}

// maxName is the maximum length of a reporter's name, which is part of a file name.
const maxName = 200

// nameOf returns the reporter's own name, or its type.
func nameOf(r event.Reporter) string {
	name := fmt.Sprintf("%T", r)
	_ = supervise.Protect(func() error { // after a panic the name is the type
		if n, ok := r.(interface{ Name() string }); ok {
			name = n.Name()
		}
		return nil
	})
	return name[:min(len(name), maxName)]
}
