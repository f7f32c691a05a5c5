package holmes

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/internal/supervise"
)

// An outlet is one reporter and the events that wait for it. It outlives runs:
// what could not be delivered before a Stop is tried again after the next
// Start, and a reporter that hangs is never entered twice.
type outlet struct {
	reporter Reporter
	name     string // of its own among the reporters
	guard    *supervise.Breaker
	slot     chan struct{}          // holds one while the reporter is being called
	wake     supervise.Bell         // rung when something was queued
	off      atomic.Bool            // DisableProfileReporter
	before   atomic.Pointer[outlet] // that this one replaces, until it has inherited

	mu       sync.Mutex
	queue    []*item
	stats    ReporterStats
	failures int                               // calls in a row
	until    time.Duration                     // mono until when the receiver wants to be left alone
	calling  time.Duration                     // mono since when the reporter has been called, 0 when it is not
	settled  func(reporter, id, reason string) // for tests
}

// An item is a parcel in one queue.
type item struct {
	*parcel
	tries  int           // that failed while the receiver was thought to be well
	last   time.Duration // mono of the latest try
	single bool          // not to be reported together with others any more
}

// maxReporterName bounds a reporter's name, which becomes part of a file name.
const maxReporterName = 200

// nameOf is what a reporter calls itself, or its type.
func nameOf(r Reporter) string {
	name := fmt.Sprintf("%T", r)
	g := supervise.NewBreaker(supervise.SystemClock())
	_ = g.Call(func() error { // a name is worth no trouble
		if n, ok := r.(interface{ Name() string }); ok {
			name = n.Name()
		}
		return nil
	})
	return name[:min(len(name), maxReporterName)]
}

func newOutlet(r Reporter, name string, before *outlet) *outlet {
	o := &outlet{
		reporter: r, name: name, guard: supervise.NewBreaker(supervise.SystemClock()),
		slot: make(chan struct{}, 1), wake: supervise.NewBell(),
	}
	o.before.Store(before)
	return o
}

// addReporter is the one place where a reporter becomes part of a config. The
// second reporter of a name is "name#2".
func (c *config) addReporter(r Reporter) {
	base := nameOf(r)
	name := base
	for n := 2; c.outlet(name) >= 0; n++ {
		name = base + "#" + strconv.Itoa(n)
	}
	c.outlets = append(c.outlets, newOutlet(r, name, nil))
}

// outlet returns the index of the reporter with that name, or -1.
func (c *config) outlet(name string) int {
	return slices.IndexFunc(c.outlets, func(o *outlet) bool { return o.name == name })
}

// takers are the reporters that get an event now.
func (c *config) takers() (out []*outlet) {
	for _, o := range c.outlets {
		if !o.off.Load() {
			out = append(out, o)
		}
	}
	return out
}

func names(outlets []*outlet) (out []string) {
	for _, o := range outlets {
		out = append(out, o.name)
	}
	return out
}

// offer queues a parcel, unless it is there or has been delivered. The queue
// needs no bound of its own: those of the store and of the memory are its.
func (o *outlet) offer(p *parcel, store waiter) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.has(p.id) {
		return
	}
	if store != nil {
		if waits, err := store.Waits(p.id, o.name); err == nil && !waits {
			return
		}
	}
	p.open.Add(1)
	o.queue = append(o.queue, &item{parcel: p})
	o.stats.Offered++
	o.wake.Ring()
}

// waiter knows what waits on disk.
type waiter interface {
	Waits(id, to string) (bool, error)
}

// next returns what is to be tried: while the receiver is well, the oldest of
// those that have failed least; while it is not, the one that was tried longest
// ago. So one event that its receiver cannot take holds up no other.
func (o *outlet) next() *item {
	o.mu.Lock()
	defer o.mu.Unlock()
	var best *item
	for _, it := range o.queue {
		switch {
		case best == nil, o.failures < failuresToProbe && it.tries < best.tries, o.failures >= failuresToProbe && it.last < best.last:
			best = it
		}
	}
	return best
}

// settle takes an item off the queue, where it still is, and counts what became
// of it: "" when it was delivered, else why it was dropped.
func (o *outlet) settle(it *item, reason string) {
	o.mu.Lock()
	at := slices.Index(o.queue, it)
	if at >= 0 {
		o.queue = slices.Delete(o.queue, at, at+1)
		if reason == "" {
			o.stats.Delivered++
		} else {
			o.stats.drop(reason)
		}
	}
	told := o.settled
	o.mu.Unlock()
	if at < 0 {
		return
	}
	if told != nil {
		told(o.name, it.id, reason)
	}
	it.leave()
}

// items returns what waits.
func (o *outlet) items() []*item {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.queue)
}

// ancestor returns the first of the reporters that this one replaces of which
// is holds.
func (o *outlet) ancestor(is func(*outlet) bool) *outlet {
	for old := o.before.Load(); old != nil; old = old.before.Load() {
		if is(old) {
			return old
		}
	}
	return nil
}

// inherit takes over what waits for the reporters that this one replaces, and
// their figures.
func (o *outlet) inherit() {
	for old := o.before.Swap(nil); old != nil; old = old.before.Swap(nil) {
		old.mu.Lock()
		queue, was := old.queue, old.stats
		old.queue, old.stats = nil, ReporterStats{}
		old.mu.Unlock()
		o.mu.Lock()
		twice := o.queue
		o.queue = queue
		for _, it := range twice {
			if !o.has(it.id) {
				o.queue = append(o.queue, it)
				continue
			}
			o.stats.Offered-- // it was found on disk meanwhile
			it.leave()
		}
		o.stats.add(&was)
		o.mu.Unlock()
	}
}

// has reports whether an event is in the queue; mu is held.
func (o *outlet) has(id string) bool {
	return slices.ContainsFunc(o.queue, func(it *item) bool { return it.id == id })
}

// add adds what was counted before.
func (s *ReporterStats) add(was *ReporterStats) {
	s.Offered += was.Offered
	s.Attempts += was.Attempts
	s.Delivered += was.Delivered
	for reason, n := range was.Dropped {
		if s.Dropped == nil {
			s.Dropped = map[string]uint64{}
		}
		s.Dropped[reason] += n
	}
}

// abandon lets go of what waits, for a reporter that was taken out.
func (o *outlet) abandon() {
	o.mu.Lock()
	queue := o.queue
	o.queue = nil
	o.mu.Unlock()
	for _, it := range queue {
		it.leave()
	}
}

func (o *outlet) begin(now time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calling = now
	o.stats.Attempts++
}

func (o *outlet) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calling = 0
}

// succeeded notes that the receiver has answered.
func (o *outlet) succeeded(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failures, o.until, o.stats.LastErr = 0, 0, err
}

// failed notes a try that is to be repeated, and returns how many have failed
// in a row.
func (o *outlet) failed(it *item, now time.Duration, err error) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failures < failuresToProbe {
		it.tries++
	}
	o.failures++
	it.last, o.stats.LastErr = now, err
	return o.failures
}
