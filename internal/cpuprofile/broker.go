// Package cpuprofile shares the one CPU profiler that a Go process has.
//
// The runtime takes one CPU profile at a time. A [Broker] runs it for as long
// as anyone wants it: whoever joins while a profile is running shares it, and
// when one of several leaves, the profile is cut into slices so that each gets
// what it asked for. A profiler that someone else is running is [ErrBusy],
// never an empty file.
package cpuprofile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime/pprof"
	"sync"
	"time"
)

// ErrBusy is returned when code outside of the broker holds the profiler.
var ErrBusy = errors.New("the CPU profiler is in use by the application or another profiler")

// ErrBudget is returned when profiling has had its share of the last hour.
var ErrBudget = errors.New("CPU profiling has used its share of the last hour")

// The share: at most a tenth of any hour, so that the application's own
// profiling finds the profiler free.
const (
	budgetPeriod = time.Hour
	budgetShare  = budgetPeriod / 10
)

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
	past    []span // for the budget
}

// A slice is one uninterrupted run of the profiler.
type slice struct {
	buf   bytes.Buffer
	start time.Time
}

// A span is when the profiler ran, without what it brought.
type span struct {
	start time.Time
	took  time.Duration
}

// New returns a broker for a profiler.
func New(p Profiler) *Broker {
	return &Broker{profiler: p, members: map[*Session]struct{}{}}
}

// A Session is one member's part in the profile. It belongs to one goroutine.
type Session struct {
	broker *Broker
	slices []*slice
	err    error
}

// Join takes part in the profile, starting it if need be. With urgent the
// budget is not asked: a person is waiting. It fails with an error that wraps
// ErrBusy or ErrBudget, and never waits for more than another's Leave.
func (b *Broker) Join(urgent bool) (*Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running == nil {
		if !urgent && b.spent(time.Now()) >= budgetShare {
			return nil, ErrBudget
		}
		if err := b.begin(); err != nil {
			return nil, err
		}
	}
	s := &Session{broker: b}
	b.members[s] = struct{}{}
	return s, nil
}

// Cut returns what was profiled since the session began or was cut last, and
// goes on: what is written down of a profile survives the process. Some ten
// milliseconds are lost between two pieces. It fails like Leave, and like Join
// when another profiler comes first, and then the session has nothing more to
// give; it is left all the same. Cut blocks as Leave does.
func (s *Session) Cut() ([]Profile, error) {
	b := s.broker
	b.mu.Lock()
	if _, member := b.members[s]; !member {
		b.mu.Unlock()
		return nil, errors.New("left already")
	}
	if b.running != nil {
		b.end()
	}
	b.resume()
	done := s.slices
	s.slices = nil
	err := s.err
	b.mu.Unlock()
	out, broken := profiles(done)
	return out, errors.Join(broken, err)
}

// Leave ends the session and returns what was profiled since it began or was
// cut, in one piece or, where another member left meanwhile, in several. If another member
// joined before, it begins with that. The error says what is missing; there may
// be profiles beside it. Leave stops the profiler and blocks while the runtime
// does so, up to 200 ms.
func (s *Session) Leave() ([]Profile, error) {
	b := s.broker
	b.mu.Lock()
	if _, member := b.members[s]; !member {
		b.mu.Unlock()
		return nil, errors.New("left already")
	}
	if b.running != nil {
		b.end()
	}
	delete(b.members, s)
	if len(b.members) > 0 {
		b.resume()
	}
	b.mu.Unlock()
	out, err := profiles(s.slices)
	return out, errors.Join(err, s.err)
}

// resume begins the next slice for the members that there are.
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
		// runtime/pprof has one reason to refuse, and no sentinel for it.
		return fmt.Errorf("%w (%w)", ErrBusy, err)
	}
	b.running = next
	return nil
}

func (b *Broker) end() {
	b.profiler.Stop()
	done := b.running
	b.running = nil
	b.past = append(b.past, span{done.start, time.Since(done.start)})
	for m := range b.members {
		m.slices = append(m.slices, done)
	}
}

// spent returns how long the profiler ran within the last budgetPeriod.
func (b *Broker) spent(now time.Time) time.Duration {
	var sum time.Duration
	kept := b.past[:0]
	for _, s := range b.past {
		if now.Sub(s.start) < budgetPeriod {
			kept = append(kept, s)
			sum += s.took
		}
	}
	b.past = kept
	return sum
}
