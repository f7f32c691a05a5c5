// Package cpuprofile shares the one CPU profiler that a Go process has.
//
// The runtime takes one CPU profile at a time. A [Broker] runs it while there are
// sessions: a session that joins while a profile is running shares it, and when one
// of several leaves, the profile is cut into slices so that each session gets its
// own time. While other code runs the profiler, [Broker.Join] fails with [ErrBusy].
package cpuprofile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/pprof"
	"sync"
	"time"

	"github.com/go-holmes/holmes/internal/hourshare"
)

// ErrBusy is returned when code outside of the broker holds the profiler.
var ErrBusy = errors.New("the CPU profiler is in use by the application or another profiler")

// ErrBudget is returned when profiling has had its share of the last hour.
var ErrBudget = errors.New("CPU profiling has used its share of the last hour")

// A Profiler is what the broker runs: runtime/pprof, or a fake in tests.
type Profiler interface {
	Start(w io.Writer) error
	Stop()
}

// Runtime is the process's own profiler.
type Runtime struct{}

// Start starts it, and fails when it is running already.
func (Runtime) Start(w io.Writer) error { return pprof.StartCPUProfile(w) }

// Stop stops it and returns when the profile is written, which takes the
// runtime up to 200 ms.
func (Runtime) Stop() { pprof.StopCPUProfile() }

// A Broker shares one Profiler. It is safe for concurrent use.
type Broker struct {
	profiler Profiler

	mu      sync.Mutex
	members map[*Session]struct{}
	running *slice
	past    hourshare.Account
}

// A slice is one uninterrupted run of the profiler.
type slice struct {
	buf   bytes.Buffer
	start time.Time
}

// New returns a broker for a profiler.
func New(p Profiler) *Broker {
	return &Broker{profiler: p, members: map[*Session]struct{}{}}
}

// A Session is one use of the profiler. It belongs to one goroutine.
type Session struct {
	broker *Broker
	slices []*slice
	err    error
	urgent bool
	joined bool // the profiler was running
}

// Join begins a session, and starts the profiler if need be. An urgent session, which
// a user has asked for, neither needs nor uses the budget. Join fails with an error
// that wraps [ErrBusy] or [ErrBudget], and waits at most for another's Leave.
func (b *Broker) Join(urgent bool) (*Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	joined := b.running != nil
	if !joined {
		if !urgent && b.past.Exhausted(time.Now(), 0) {
			return nil, ErrBudget
		}
		if err := b.begin(); err != nil {
			return nil, err
		}
	}
	s := &Session{broker: b, urgent: urgent, joined: joined}
	b.members[s] = struct{}{}
	return s, nil
}

// Profile returns the profiles of the next d, or of the time until ctx is done, for a user
// who has asked for them: it is urgent. It fails like [Broker.Join] and [Session.Leave].
func (b *Broker) Profile(ctx context.Context, d time.Duration) (out []Profile, err error) {
	s, err := b.Join(true)
	if err != nil {
		return nil, err
	}
	if s.joined {
		_, err = s.Cut() // the time before is not asked for
	}
	if err == nil {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	out, left := s.Leave()
	if err == nil {
		err = left
	}
	return out, err
}

// Cut returns the profiles since the session began or was cut last, and goes on, so
// that they can be written to disk while the profiler runs. Some ten milliseconds are
// lost between two slices. It fails like Leave, and like Join when other code starts
// the profiler first; then the session gets no more profiles, and must still be left.
// Cut blocks as Leave does.
func (s *Session) Cut() ([]Profile, error) { return s.collect(false) }

// Leave ends the session and returns the profiles since it began or was cut: one, or
// several if another session joined or left meanwhile. The first begins earlier if the
// profiler was running before. The error says what is missing; there may be profiles
// beside it. Leave stops the profiler and blocks while the runtime does so, up to
// 200 ms.
func (s *Session) Leave() ([]Profile, error) { return s.collect(true) }

func (s *Session) collect(leave bool) ([]Profile, error) {
	b := s.broker
	b.mu.Lock()
	if _, member := b.members[s]; !member {
		b.mu.Unlock()
		return nil, errors.New("left already")
	}
	if b.running != nil {
		b.end()
	}
	if leave {
		delete(b.members, s)
	}
	if len(b.members) > 0 {
		b.resume()
	}
	done, err := s.slices, s.err
	s.slices = nil
	b.mu.Unlock()
	out, broken := profiles(done)
	return out, errors.Join(broken, err)
}

// resume begins the next slice.
func (b *Broker) resume() {
	if err := b.begin(); err != nil {
		for m := range b.members {
			m.err = fmt.Errorf("cut short: %w", err)
		}
	}
}

func (b *Broker) begin() error {
	next := &slice{start: time.Now()}
	if err := b.profiler.Start(&next.buf); err != nil {
		return ErrBusy // runtime/pprof has one reason to refuse
	}
	b.running = next
	return nil
}

func (b *Broker) end() {
	b.profiler.Stop()
	done := b.running
	b.running = nil
	ours := false
	for m := range b.members {
		m.slices = append(m.slices, done)
		ours = ours || !m.urgent
	}
	if ours {
		b.past.Add(done.start, time.Since(done.start))
	}
}
