package delivery

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/supervise"
)

// failuresToProbe is after how many failures in a row a receiver counts as down. Then
// each event is tried once in its turn, until one is delivered.
const failuresToProbe = 5

// A Queue is one reporter and the events that wait for it. It outlives runs:
// what could not be delivered before a Stop is tried again after the next
// Start, and a reporter that hangs is never entered twice.
type Queue struct {
	reporter event.Reporter
	name     string // unique among the reporters
	breaker  *supervise.Breaker
	slot     chan struct{}         // holds one while the reporter is being called
	wake     supervise.Bell        // rung when an event was queued
	own      time.Duration         // the reporter's own timeout, 0 if it has none
	disabled atomic.Bool           // gets no more events
	before   atomic.Pointer[Queue] // that this one replaces, until its events are taken over
	send     func(*sender)         // (*sender).send; only a program with reporters makes a queue and links it

	mu       sync.Mutex
	entries  []*entry
	stats    Stats
	failures int           // calls in a row
	until    time.Duration // mono until when the receiver asked for no calls
	calling  time.Duration // mono of the start of the present call, 0 between calls
	patience time.Duration // that a call may take
}

// An entry is an item in one queue.
type entry struct {
	*item
	tries  int           // that failed while the receiver was thought to be up
	last   time.Duration // mono of the latest try
	rests  int           // tries that made it rest
	after  time.Duration // mono until when it rests
	sent   bool          // it may have arrived
	single bool          // is no longer reported together with others
}

func newQueue(r event.Reporter, name string, before *Queue) *Queue {
	q := &Queue{
		reporter: r, name: name, breaker: supervise.NewBreaker(supervise.SystemClock()),
		slot: make(chan struct{}, 1), wake: supervise.NewBell(), own: timeoutOf(r), patience: attemptTime,
		send: (*sender).send,
	}
	q.before.Store(before)
	return q
}

// Reporter returns the reporter.
func (q *Queue) Reporter() event.Reporter { return q.reporter }

// Name returns the reporter's name, which events wait under.
func (q *Queue) Name() string { return q.name }

// Disable stops or resumes the queueing of events. What is queued is delivered.
func (q *Queue) Disable(off bool) { q.disabled.Store(off) }

// Disabled reports whether the reporter gets no more events.
func (q *Queue) Disabled() bool { return q.disabled.Load() }

// Call runs foreign code of the reporter under its circuit breaker.
func (q *Queue) Call(f func() error) error { return q.breaker.Call(f) }

// offer queues an item, unless it is queued or has been delivered. The queue is
// bounded by the limits of the store and of the memory buffer.
func (q *Queue) offer(p *item, store *eventstore.Store) {
	if q.queued(p.id) {
		return
	}
	if store != nil { // without the lock, because the disk may not answer
		if waits, err := store.Waits(p.id, q.name); err == nil && !waits {
			return
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.has(p.id) {
		return
	}
	p.open.Add(1)
	q.entries = append(q.entries, &entry{item: p})
	q.stats.Offered++
	q.wake.Ring()
}

// next returns the entry to try: while the receiver is up, the oldest of those with
// the fewest failures; while it is down, the one whose last try is longest ago. So an
// event that fails delays no other. If all rest, it returns nil and how long that
// takes. While stopping only those rest that may have arrived and are kept on disk. An
// event on a disk that does not answer is left out.
func (q *Queue) next(now time.Duration, stopping bool) (best *entry, wait time.Duration) {
	q.mu.Lock()
	for _, e := range q.entries {
		if !e.reachable() {
			continue
		}
		if left := e.after - now; left > 0 && (!stopping || e.sent && !e.held()) {
			if wait == 0 || left < wait {
				wait = left
			}
			continue
		}
		switch {
		case best == nil, q.failures < failuresToProbe && e.tries < best.tries, q.failures >= failuresToProbe && e.last < best.last:
			best = e
		}
	}
	q.mu.Unlock()
	return best, wait
}

// maxBatch is how many events are reported at once at most.
const maxBatch = 50

// batch returns the entries to report at once, or nil unless the receiver is up and
// several events wait that have not been tried together yet and do not rest.
func (q *Queue) batch(now time.Duration) (out []*entry) {
	if _, ok := q.reporter.(event.BatchReporter); !ok {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.failures > 0 {
		return nil
	}
	for _, e := range q.entries {
		if !e.single && e.after <= now && len(out) < maxBatch && e.reachable() {
			out = append(out, e)
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// separate has entries tried one by one from now on.
func (q *Queue) separate(batch []*entry) {
	q.mu.Lock()
	for _, e := range batch {
		e.single = true
	}
	q.mu.Unlock()
}

// remove removes an entry and counts the reason: "" if it was delivered, else why it
// was dropped. It reports whether the entry was still in the queue.
func (q *Queue) remove(e *entry, reason string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	at := slices.Index(q.entries, e)
	if at < 0 {
		return false
	}
	q.entries = slices.Delete(q.entries, at, at+1)
	if reason == "" {
		q.stats.Delivered++
	} else {
		q.stats.drop(reason, 1)
	}
	return true
}

// find returns the entry of an item, or nil.
func (q *Queue) find(p *item) *entry {
	q.mu.Lock()
	var found *entry
	if at := slices.IndexFunc(q.entries, func(e *entry) bool { return e.item == p }); at >= 0 {
		found = q.entries[at]
	}
	q.mu.Unlock()
	return found
}

// IDs returns the IDs of the events that wait.
func (q *Queue) IDs() (ids []string) {
	q.mu.Lock()
	for _, e := range q.entries {
		ids = append(ids, e.id)
	}
	q.mu.Unlock()
	return ids
}

// ancestor returns the first of the queues that this one replaces for which is returns
// true, or nil.
func (q *Queue) ancestor(is func(*Queue) bool) *Queue {
	for old := q.before.Load(); old != nil; old = old.before.Load() {
		if is(old) {
			return old
		}
	}
	return nil
}

// inherit takes over the events and the counters of the queues that this one
// replaces.
func (q *Queue) inherit() {
	for old := q.before.Swap(nil); old != nil; old = old.before.Swap(nil) {
		old.mu.Lock()
		entries, was := old.entries, old.stats
		old.entries, old.stats = nil, Stats{}
		old.mu.Unlock()
		q.mu.Lock()
		known := q.entries
		q.entries = entries
		for _, e := range known {
			if !q.has(e.id) {
				q.entries = append(q.entries, e)
				continue
			}
			q.stats.Offered-- // it was found on disk meanwhile
			e.leave()
		}
		q.stats.add(&was)
		q.mu.Unlock()
	}
}

// has reports whether an event is in the queue; mu is held.
func (q *Queue) has(id string) bool {
	return slices.ContainsFunc(q.entries, func(e *entry) bool { return e.id == id })
}

func (q *Queue) queued(id string) bool {
	q.mu.Lock()
	queued := q.has(id)
	q.mu.Unlock()
	return queued
}

// abandon empties the queue of a reporter that was removed.
func (q *Queue) abandon() {
	q.mu.Lock()
	entries := q.entries
	q.entries = nil
	q.mu.Unlock()
	for _, e := range entries {
		e.leave()
	}
}

func (q *Queue) begin(now time.Duration) {
	q.mu.Lock()
	q.calling = now
	q.stats.Attempts++
	q.mu.Unlock()
}

func (q *Queue) end() {
	q.mu.Lock()
	q.calling = 0
	q.mu.Unlock()
}

// succeeded records that the receiver has answered.
func (q *Queue) succeeded(err error) {
	q.mu.Lock()
	q.failures, q.until, q.stats.LastErr = 0, 0, err
	q.mu.Unlock()
}

// failed records a failure, and returns how long to wait before the next try.
func (q *Queue) failed(e *entry, now time.Duration, err error) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.failures < failuresToProbe {
		e.tries++
	}
	q.failures++
	e.last, q.stats.LastErr = now, err
	pause, asked := PauseAfter(q.failures, err)
	if asked > 0 {
		q.until = now + asked
	}
	return pause
}

// rest has an entry rest if its failure says so.
func (q *Queue) rest(e *entry, now time.Duration, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if d := rest(e.rests+1, err); d > 0 {
		e.rests++
		e.after, e.sent = now+d, late(err)
	}
}

// limit returns how long a call of the reporter may take: what it says itself, or an
// estimate that grows with late answers.
func (q *Queue) limit() time.Duration {
	q.mu.Lock()
	limit := q.patience
	if q.own > 0 {
		limit = q.own
	}
	q.mu.Unlock()
	return limit
}

// extend doubles the estimate of the time that a call may take.
func (q *Queue) extend() {
	q.mu.Lock()
	q.patience = min(2*q.patience, longestAttempt)
	q.mu.Unlock()
}

// closed reports whether the receiver has asked for no calls at this time.
func (q *Queue) closed(now time.Duration) bool {
	q.mu.Lock()
	closed := now < q.until
	q.mu.Unlock()
	return closed
}

// statistics returns the statistics of the reporter.
func (q *Queue) statistics(now time.Duration) Stats {
	q.mu.Lock()
	s := q.stats
	s.Dropped = maps.Clone(q.stats.Dropped)
	s.Name, s.Waiting, s.Panics, s.Resting = q.name, len(q.entries), q.breaker.Panics(), q.breaker.Resting()
	s.Failing = q.failures
	if q.calling > 0 {
		s.Held = now - q.calling
	}
	q.mu.Unlock()
	return s
}
