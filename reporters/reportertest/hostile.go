package reportertest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/go-holmes/holmes"
)

// Bounds on the cost of a hostile receiver.
const (
	deadline = 100 * time.Millisecond // that Report gets where it would wait for ever
	grace    = 20 * time.Second       // after that, on a busy machine
	// maxConnections are for reporters that send each profile by itself, and
	// try again once.
	maxConnections = 8
	// maxSwallowed is how much of an endless answer may be read, what waits in
	// the buffers of the kernel included.
	maxSwallowed = 16 << 20
)

// Hostile runs a reporter that speaks HTTP against receivers that hang, break
// off, answer byte by byte, flood, lie about lengths, point elsewhere, or say
// that it is too much. Each test opens a reporter of its own, with a token or
// whatever it is configured with in earnest, for a receiver at a URL of plain
// http on this machine.
//
// Report has to
//
//   - return soon after its context is done,
//   - return an error if the receiver did not take the event; one that a retry
//     may mend for a receiver that is out of order or busy, one that is marked
//     by [holmes.Permanent] for a request that is refused,
//   - pass on how long the receiver wants to be left alone,
//   - go nowhere that it was not sent to: neither the evidence nor a credential
//     follows a redirect,
//   - make 8 connections at most, and read 16 MiB of an endless answer at most,
//   - leave no goroutine and, where that can be seen, no descriptor behind.
//
// It looks at what there is in the whole process, so run nothing in parallel.
func Hostile(t *testing.T, open func(t *testing.T, url string) holmes.Reporter) {
	t.Helper()
	e := DiskEvent(t)
	for _, c := range hostileCases() {
		t.Run(c.name, func(t *testing.T) {
			left := takeStock(t)
			c.run(t, e, func(url string) holmes.Reporter { return open(t, url) }, patience)
			left.check(t, grace)
		})
	}
}

// A hostileCase is one thing that a receiver does.
type hostileCase struct {
	name  string
	does  func(*stranger) // on each connection; it is closed after that
	wants verdict
	// patient gives Report all the time it wants: it has to find an end by
	// itself.
	patient bool
	// large is for an event that does not fit into the buffers on the way.
	large bool
	after time.Duration // that the receiver asks for
}

// A verdict is what Report is to return.
type verdict string

const (
	transient verdict = "an error that is worth a retry"
	permanent verdict = "an error marked by holmes.Permanent"
	failure   verdict = "an error"
	whatever  verdict = "anything"
)

func (c hostileCase) run(t testing.TB, e *holmes.Event, open func(url string) holmes.Reporter, patience time.Duration) {
	t.Helper()
	s := receive(t, c.does)
	defer s.close()
	p := &probe{TB: t, Target: Target{Reporter: open(s.url())}, patience: patience}
	if c.large {
		grown := *e
		grown.Profiles = append(slices.Clip(e.Profiles), holmes.MemoryProfile(holmes.KindHeap, "large.pb.gz", make([]byte, 16<<20)))
		e = &grown
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	if c.patient {
		cancel()
		ctx, cancel = context.WithTimeout(context.Background(), min(grace, patience))
	}
	defer cancel()
	err := p.try(ctx, e)
	if c.patient && ctx.Err() != nil {
		t.Errorf("Report went on for %v: it is to find an end by itself", min(grace, patience))
	}
	c.judge(t, err)
	s.judge(t)
}

func (c hostileCase) judge(t testing.TB, err error) {
	t.Helper()
	ok := true
	switch c.wants {
	case transient:
		ok = err != nil && !holmes.IsPermanent(err)
	case permanent:
		ok = holmes.IsPermanent(err)
	case failure:
		ok = err != nil
	case whatever:
	}
	if !ok {
		t.Errorf("Report returned %v, want %s", err, c.wants)
	}
	if c.after == 0 {
		return
	}
	var told interface{ RetryAfter() time.Duration }
	if !errors.As(err, &told) || told.RetryAfter() < c.after {
		t.Errorf("the receiver asks for %v; the error does not say so: %v", c.after, err)
	}
}
