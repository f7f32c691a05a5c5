package merge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/pprof/profile"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// A Config configures a [Merger]. Store is required.
type Config struct {
	Store collector.Store
	// Dir is the directory of roll-ups. The default is to make none.
	Dir string
	// RollupBytes bounds what they take; the oldest are removed first. 1 GiB by
	// default.
	RollupBytes int64
	// HourAge and DayAge are how long the roll-ups of hours and of days are kept,
	// whether their profiles still exist or not; 30 and 365 days by default.
	HourAge, DayAge time.Duration
	// Memory bounds each fold, in bytes; [DefaultLimit] by default.
	Memory int64
	// Parallel is how many merges are made at the same time; others wait. 2 by
	// default. Each takes Memory, and up to as much again for the profile that
	// is being read.
	Parallel int
	// Now is the clock; the default is [time.Now].
	Now func() time.Time
	// Damaged is called once for each damaged profile, with the reason. It must
	// not call the Merger. The default does nothing.
	Damaged func(m *collector.Meta, why error)
}

// A Merger folds what a query finds. It is safe for concurrent use.
type Merger struct {
	config  Config
	checker *safepprof.Checker
	rollups *rollups
	known   factsCache
	slots   chan struct{}
	buffers sync.Pool // of *[]byte

	mu      sync.Mutex
	damaged map[string]bool // that were reported
}

// maxDamaged bounds what is remembered of damaged profiles.
const maxDamaged = 10_000

// New returns a merger. It starts nothing; [Merger.Run] makes roll-ups.
func New(c Config) (*Merger, error) {
	if c.Store == nil {
		return nil, errors.New("holmes: merge: Config needs a Store")
	}
	c.RollupBytes = cmp.Or(c.RollupBytes, 1<<30)
	c.HourAge = cmp.Or(c.HourAge, 30*24*time.Hour)
	c.DayAge = cmp.Or(c.DayAge, 365*24*time.Hour)
	c.Memory = cmp.Or(c.Memory, DefaultLimit)
	c.Parallel = cmp.Or(c.Parallel, 2)
	if c.RollupBytes < 0 || c.Memory < 0 || c.Parallel < 0 {
		return nil, fmt.Errorf("holmes: merge: RollupBytes %d, Memory %d or Parallel %d is below 0", c.RollupBytes, c.Memory, c.Parallel)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Damaged == nil {
		c.Damaged = func(*collector.Meta, error) {}
	}
	checker, err := safepprof.New(safepprof.Limits{Body: maxBlob, Inflated: 16 * maxBlob, Decoded: 1 << 40})
	if err != nil {
		return nil, err
	}
	m := &Merger{config: c, checker: checker, slots: make(chan struct{}, c.Parallel), damaged: map[string]bool{}}
	m.buffers.New = func() any { return new([]byte) }
	if c.Dir != "" {
		if m.rollups, err = openRollups(c.Dir); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// maxBlob bounds a profile that was stored, and one in a roll-up.
const maxBlob = 128 << 20

// A Request names profiles: all that Query finds, which has a service and a kind, or
// those of IDs, all of which have to be there.
type Request struct {
	Query collector.Query
	IDs   []string
	View  View
	// Labels keeps the labels of samples. What is drawn has none, and roll-ups may
	// have dropped them.
	Labels bool
}

// Fold makes one of the profiles of a request. It waits for its turn, until ctx
// ends. The errors are those of [collector.Store], one of code [collector.NotFound]
// if nothing is found, and one of code [collector.Unsupported] for execution traces.
func (m *Merger) Fold(ctx context.Context, r Request) (*Fold, error) {
	run := &queryRun{merger: m, labels: r.Labels, series: series{r.Query.Service, r.Query.Kind}}
	find := func() ([]ref, error) { return m.find(ctx, r.Query) }
	if len(r.IDs) > 0 {
		run.series = series{}
		find = func() ([]ref, error) { return m.refs(ctx, r.IDs) }
	} else if err := valid(&r.Query); err != nil {
		return nil, err
	}
	done, err := m.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	refs, err := find()
	if err != nil {
		return nil, err
	}
	return run.fold(ctx, refs, r.View)
}

func valid(q *collector.Query) error {
	switch {
	case q.Service == "":
		return collector.Errorf(collector.Invalid, "missing service")
	case q.Kind == "":
		return collector.Errorf(collector.Invalid, "missing type")
	case !q.Kind.Pprof():
		return errTrace()
	}
	return nil
}

// find returns what a query finds, the newest first.
func (m *Merger) find(ctx context.Context, q collector.Query) (refs []ref, err error) {
	for meta, err := range m.config.Store.Find(ctx, q) {
		if err != nil {
			return nil, err
		}
		refs = append(refs, refOf(&meta, q.Kind))
	}
	if m.rollups != nil && q.Event == "" && q.Limit == 0 && q.After.IsZero() {
		if err := m.rollups.loaded(); err != nil {
			return nil, err
		}
		if outlived := m.rollups.outlived(&q, refs); len(outlived) > 0 {
			refs = append(refs, outlived...)
			slices.SortStableFunc(refs, func(a, b ref) int { return b.at.Compare(a.at) })
		}
	}
	return refs, nil
}

// refs returns the profiles of IDs.
func (m *Merger) refs(ctx context.Context, ids []string) (refs []ref, err error) {
	for _, id := range ids {
		file, err := m.config.Store.Open(ctx, id)
		if collector.CodeOf(err) == collector.Damaged {
			refs = append(refs, ref{id: id, facts: &facts{}}) // is counted
			continue
		}
		if err != nil {
			return nil, err
		}
		r := refOf(&file.Meta, "")
		if err := file.Close(); err != nil {
			return nil, fmt.Errorf("holmes: merge: %w", err)
		}
		if !r.kind.Pprof() {
			return nil, errTrace()
		}
		refs = append(refs, r)
	}
	return refs, nil
}

// Query is [Merger.Fold] of what a query finds, with labels.
func (m *Merger) Query(ctx context.Context, q collector.Query) (*Fold, error) {
	return m.Fold(ctx, Request{Query: q, Labels: true})
}

// IDs is [Merger.Fold] of these profiles, with labels.
func (m *Merger) IDs(ctx context.Context, ids []string) (*Fold, error) {
	if len(ids) == 0 {
		return nil, collector.Errorf(collector.NotFound, "nothing found")
	}
	return m.Fold(ctx, Request{IDs: ids, Labels: true})
}

// Profile is [Merger.IDs] and [Fold.Profile].
func (m *Merger) Profile(ctx context.Context, ids []string) (*profile.Profile, error) {
	f, err := m.IDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	return f.Profile()
}

func errTrace() error {
	return collector.Errorf(collector.Unsupported, "execution traces cannot be merged")
}

// something is an error if nothing could be added.
func (f *Fold) something() error {
	switch {
	case f.profiles > 0:
		return nil
	case f.skipped > 0:
		return collector.Errorf(collector.NotFound, "nothing found but %d damaged profiles", f.skipped)
	}
	return collector.Errorf(collector.NotFound, "nothing found")
}

// busyRetry is when a slot may be free.
const busyRetry = 10 * time.Second

// turn waits for a slot.
func (m *Merger) turn(ctx context.Context) (done func(), err error) {
	select {
	case m.slots <- struct{}{}:
		return func() { <-m.slots }, nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, &collector.Error{Code: collector.Busy, Message: "too many merges at the same time", RetryAfter: busyRetry}
		}
		return nil, fmt.Errorf("holmes: merge: %w", ctx.Err())
	}
}

// errDamaged is in the errors of profiles that cannot be read as such.
var errDamaged = errors.New("damaged")

// open reads a stored profile. One that cannot be read is told of, and an
// errDamaged.
func (m *Merger) open(ctx context.Context, id string, add func([]byte) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("holmes: merge: %w", err)
	}
	file, err := m.config.Store.Open(ctx, id)
	if collector.CodeOf(err) == collector.Damaged {
		return fmt.Errorf("holmes: merge: %w: %w", errDamaged, err) // the store has reported it
	}
	if err != nil {
		return err
	}
	defer file.Close()
	err = m.read(file, add)
	if code := collector.CodeOf(err); code == collector.Invalid || code == collector.TooLarge {
		m.tell(&file.Meta, err)
		return fmt.Errorf("holmes: merge: %w: %w", errDamaged, err)
	}
	return err
}

// tell reports a damaged profile, once.
func (m *Merger) tell(meta *collector.Meta, why error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.damaged[meta.ID] {
		return
	}
	if len(m.damaged) == maxDamaged {
		clear(m.damaged)
	}
	m.damaged[meta.ID] = true
	m.config.Damaged(meta, why)
}

// read inflates a profile and hands it on.
func (m *Merger) read(from sectionReader, add func([]byte) error) error {
	buf, ok := m.buffers.Get().(*[]byte)
	if !ok {
		buf = new([]byte)
	}
	defer m.buffers.Put(buf)
	raw, info, err := m.checker.Read(from, (*buf)[:0])
	if err != nil {
		return err
	}
	if cap(raw) <= keptBuffer {
		*buf = raw
	}
	if !info.Kind.Pprof() {
		return safepprof.NotProfile("an execution trace")
	}
	return add(raw)
}

// keptBuffer is the largest buffer that is kept for the next profile.
const keptBuffer = 8 << 20

type sectionReader interface{ Read([]byte) (int, error) }
