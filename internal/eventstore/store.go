package eventstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/supervise"
)

// busyRest is how long a directory is left alone that another process keeps locked. Each
// operation would wait for the lock for two seconds.
const busyRest = 10 * time.Second

// A Store is the events below one dump path. Its methods wait for the disk within the
// limits of its gate, and then return an error that wraps [ErrNoAnswer]. Their
// operations go on, and what they return then is given back to the store.
type Store struct {
	*gate
	path    string
	changed supervise.Bell
	opened  chan *dump.Store // holds the store, nil while it could not be opened
	set     Config           // the limits of the store; its holder uses it
	options func(Config) dump.Options

	tellVolatile func(dir string)

	mu       sync.Mutex // not held while the disk works
	config   Config
	dir      string        // "" until it has been opened
	volatile bool          // dir is in memory
	usage    dump.Usage    // at the latest look
	err      error         // of the latest opening, or of the latest event
	blocked  time.Duration // mono until when the directory is left alone
}

// do runs an operation on the store. If it returns [ErrNoAnswer], the operation may still
// run, and what it sets must not be read: late is called at its end, unless it has failed.
func (s *Store) do(ctx context.Context, op func(*dump.Store) error, late func()) error {
	s.mu.Lock()
	rests := s.clock.Mono() < s.blocked
	s.mu.Unlock()
	if rests {
		return dump.ErrBusy
	}
	err := errUnfinished
	c := s.newCall()
	failed := c.start(ctx, func() { err = s.with(op) }, func() {
		if late != nil && err == nil {
			late()
		}
	})
	if failed == nil {
		failed = c.wait(ctx)
	}
	if failed != nil {
		return failed
	}
	return err
}

// Do runs an operation on the store. What it sets must not be read if Do returns
// [ErrNoAnswer].
func (s *Store) Do(op func(*dump.Store) error) error { return s.do(context.Background(), op, nil) }

// must runs an operation, now or later: if the disk does not answer, as soon as it does.
func (s *Store) must(ctx context.Context, op func(*dump.Store) error) error {
	err := errUnfinished
	c := s.beginOrOwe(ctx, func() { err = s.with(op) })
	if c == nil {
		return ErrNoAnswer
	}
	if left := c.wait(ctx); left != nil {
		return left
	}
	return err
}

// with runs an operation in the goroutine of the disk.
func (s *Store) with(op func(*dump.Store) error) error {
	d, err := s.open()
	if err != nil {
		return err
	}
	if err = op(d); errors.Is(err, dump.ErrBusy) {
		s.mu.Lock()
		s.blocked = s.clock.Mono() + busyRest
		s.mu.Unlock()
	}
	return err
}

// open opens the store if that has not succeeded before, and sets its limits.
func (s *Store) open() (d *dump.Store, err error) {
	d = <-s.opened
	defer func() { s.opened <- d }()
	s.mu.Lock()
	c := s.config
	s.mu.Unlock()
	if c.MemoryOnly {
		return nil, ErrMemoryOnly
	}
	first := d == nil
	switch {
	case first:
		d, err = dump.Open(s.path, s.options(c))
		err = withRemedy(err)
	case c != s.set:
		err = d.SetLimits(s.options(c))
	}
	s.set = c
	if first || err != nil {
		s.note(err)
	}
	if first && err == nil {
		s.mu.Lock()
		s.dir, s.volatile = d.Dir(), d.Volatile()
		s.mu.Unlock()
		s.look(d)
		if d.Volatile() {
			s.tellVolatile(d.Dir())
		}
	}
	return d, err
}

// withRemedy adds to an error of opening the dump path what to do, if there is no place
// for it.
func withRemedy(err error) error {
	for _, noPlace := range []error{fs.ErrNotExist, fs.ErrPermission, syscall.EROFS} {
		if errors.Is(err, noPlace) && !errors.Is(err, dump.ErrRefused) { // which has its own
			return fmt.Errorf("%w: mount a volume there, or choose WithMemoryOnly (HOLMES_MEMORY_ONLY=true)", err)
		}
	}
	return err
}

// configure sets the limits, from the next operation on.
func (s *Store) configure(c Config) {
	s.mu.Lock()
	s.config = c
	s.mu.Unlock()
}

// statistics is described with [Current.Usage].
func (s *Store) statistics() (dir string, u dump.Usage, err error) {
	s.mu.Lock()
	dir, u, err = cmp.Or(s.dir, s.path), s.usage, s.err
	if !s.Answers() {
		err = ErrNoAnswer
	}
	s.mu.Unlock()
	return dir, u, err
}

// note sets why the dump path cannot be used, for the statistics.
func (s *Store) note(err error) {
	if s.expects(err) {
		err = nil
	}
	s.mu.Lock()
	s.err = err
	s.mu.Unlock()
}

// look reads what the store holds, for the statistics.
func (s *Store) look(d *dump.Store) {
	now := d.Usage()
	s.mu.Lock()
	s.usage = now
	s.mu.Unlock()
}

// Look reads what the store holds, for [Current.Usage].
func (s *Store) Look() {
	_ = s.Do(func(d *dump.Store) error { s.look(d); return nil })
}

// Dir returns the directory of the events.
func (s *Store) Dir() string {
	s.mu.Lock()
	dir := s.dir
	s.mu.Unlock()
	return dir
}

// Volatile reports whether the store is open, and counts as memory of the process.
func (s *Store) Volatile() bool {
	s.mu.Lock()
	volatile := s.volatile
	s.mu.Unlock()
	return volatile
}

// Answers reports whether the disk answers, as far as that is known.
func (s *Store) Answers() bool { return s.unanswered() == 0 }

// create makes the directory of an event.
func (s *Store) create(ctx context.Context, id string, to []string) (*dump.Entry, error) {
	var entry *dump.Entry
	err := s.do(ctx, func(d *dump.Store) (err error) {
		entry, err = d.Create(id, to...)
		s.note(err)
		return err
	}, func() { _ = entry.Discard() }) // the event is in memory
	if err != nil {
		return nil, err
	}
	return entry, nil
}

// Load loads an event for a reporter: held, of which a part is in memory, or else that on
// disk. Retention does not remove it until release is called.
func (s *Store) Load(id, to string, held *event.Event) (ev *event.Event, release func(), err error) {
	var got *event.Event
	var done func()
	err = s.do(context.Background(), func(d *dump.Store) (err error) {
		got, done, err = take(d, id, to, held)
		return err
	}, func() { done() })
	if err != nil {
		return nil, nil, err
	}
	return got, func() { _ = s.must(context.Background(), func(*dump.Store) error { done(); return nil }) }, nil
}

func take(d *dump.Store, id, to string, held *event.Event) (ev *event.Event, release func(), err error) {
	release, err = d.Take(id, to)
	if held != nil {
		if err != nil {
			release = func() {} // what is in memory is left
		}
		held.MarkMissing()
		return held, release, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if ev, err = load(d, id); err != nil {
		release()
	}
	return ev, release, err
}

// load reads an event whose files are as they were written.
func load(d *dump.Store, id string) (*event.Event, error) {
	if err := d.Check(id); err != nil {
		return nil, err
	}
	ev, err := event.Load(d.Path(id))
	if errors.Is(err, os.ErrNotExist) {
		return event.Recover(d.Path(id))
	}
	if err != nil {
		return nil, err
	}
	ev.Finalize()
	return ev, nil
}

// Delivered records that a reporter has an event. If the disk does not answer, that is
// done when it does.
func (s *Store) Delivered(id, to string) error {
	return s.must(context.Background(), func(d *dump.Store) error { return d.Delivered(id, to) })
}

// Refused records that a reporter will never accept an event, as Delivered does.
func (s *Store) Refused(id, to, reason string) error {
	return s.must(context.Background(), func(d *dump.Store) error { return d.Refused(id, to, reason) })
}

// Waits reports whether an event waits for a reporter.
func (s *Store) Waits(id, to string) (bool, error) {
	var waits bool
	err := s.Do(func(d *dump.Store) (err error) {
		waits, err = d.Waits(id, to)
		return err
	})
	return err == nil && waits, err
}

// Waiting returns the events of this process that wait for a reporter.
func (s *Store) Waiting(to string) ([]string, error) {
	var ids []string
	err := s.Do(func(d *dump.Store) (err error) {
		ids, err = d.Waiting(to)
		return err
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// Configured says which reporters there are.
func (s *Store) Configured(to []string) error {
	return s.Do(func(d *dump.Store) error { return d.Configured(to...) })
}

// RetryMarks records the deliveries that the disk has refused to record.
func (s *Store) RetryMarks() error {
	return s.Do((*dump.Store).RetryMarks)
}

// Adopt takes over the events whose process has ended. Unless all is true it does so only
// if there may be some.
func (s *Store) Adopt(all bool, to []string) (o dump.Orphans, err error) {
	var got dump.Orphans
	err = s.Do(func(d *dump.Store) (err error) {
		if all || d.Orphaned() {
			got, err = d.Adopt(to...)
		}
		return err
	})
	if errors.Is(err, ErrNoAnswer) {
		return o, err
	}
	return got, err
}

// Tidy removes events that are too old or too many.
func (s *Store) Tidy() error { return s.Do((*dump.Store).Tidy) }

// Complete closes an event that a killed process had begun, and reports whether it is to
// be delivered to one of the named reporters. An event without a verdict is reported as
// unconfirmed, unless admit refuses it.
func (s *Store) Complete(id string, to []string, admit func(*event.Event) bool) (wanted bool, err error) {
	var got bool
	err = s.Do(func(d *dump.Store) (err error) {
		got, err = complete(d, id, to, admit)
		return err
	})
	if errors.Is(err, ErrNoAnswer) {
		return false, err
	}
	return got, err
}

func complete(d *dump.Store, id string, to []string, admit func(*event.Event) bool) (wanted bool, err error) {
	entry, err := d.Reopen(id)
	if err != nil {
		return false, err
	}
	ev, err := event.Recover(entry.Path())
	silent := ev.State == event.StateDismissed || ev.Trigger.Sample.Signal == event.SignalBaseline
	if !silent && !admit(ev) {
		silent, ev.State = true, event.StateDismissed
		err = errors.Join(err, describe(entry, ev))
	}
	if silent {
		return false, errors.Join(err, entry.Close(dump.Class{Disposable: true}))
	}
	// It is delivered in spite of an error.
	err = errors.Join(err, describe(entry, ev), entry.Close(classOf(ev)))
	for _, name := range to {
		waits, failed := d.Waits(id, name)
		wanted = wanted || waits || failed != nil
	}
	if !wanted {
		err = errors.Join(err, d.Disown(id))
	}
	return wanted, err
}
