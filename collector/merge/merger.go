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

// Query folds all profiles that q finds. q names a service and a kind. It waits
// for its turn, until ctx ends. The errors are those of [collector.Store], one of
// code [collector.NotFound] if nothing is found, and one of code
// [collector.Unsupported] for execution traces.
func (m *Merger) Query(ctx context.Context, q collector.Query) (*Fold, error) {
	switch {
	case q.Service == "":
		return nil, collector.Errorf(collector.Invalid, "missing service")
	case q.Kind == "":
		return nil, collector.Errorf(collector.Invalid, "missing type")
	case !q.Kind.Pprof():
		return nil, errTrace()
	}
	done, err := m.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	f := NewFold(m.config.Memory)
	run := &queryRun{merger: m, fold: f, series: series{q.Service, q.Kind}}
	var refs []ref // of one of the longest periods
	for meta, err := range m.config.Store.Find(ctx, q) {
		if err != nil {
			return nil, err
		}
		next := ref{meta.ID, meta.CreatedAt}
		if len(refs) > 0 && !samePeriod(refs[0].at, next.at, len(periods())-1) {
			if err := run.add(ctx, len(periods())-1, refs); err != nil {
				return nil, err
			}
			refs = refs[:0]
		}
		refs = append(refs, next)
	}
	if err := run.add(ctx, len(periods())-1, refs); err != nil {
		return nil, err
	}
	if err := f.something(); err != nil {
		return nil, err
	}
	return f, nil
}

// IDs folds these profiles. All of them have to be there.
func (m *Merger) IDs(ctx context.Context, ids []string) (*Fold, error) {
	done, err := m.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	f := NewFold(m.config.Memory)
	for _, id := range ids {
		if err := m.addProfile(ctx, f, id); err != nil {
			return nil, err
		}
	}
	if err := f.something(); err != nil {
		return nil, err
	}
	return f, nil
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

// addProfile adds a stored profile. One that cannot be read as such is left out
// and counted.
func (m *Merger) addProfile(ctx context.Context, f *Fold, id string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("holmes: merge: %w", err)
	}
	file, err := m.config.Store.Open(ctx, id)
	if err != nil {
		return err
	}
	defer file.Close()
	if !file.Meta.Kind.Pprof() {
		return errTrace()
	}
	err = m.read(file, f.Add)
	if code := collector.CodeOf(err); code == collector.Invalid || code == collector.TooLarge {
		f.skipped++
		m.tell(&file.Meta, err)
		return nil
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

// A ref is a profile that was found.
type ref struct {
	id string
	at time.Time
}

// A series is what is rolled up together.
type series struct {
	service string
	kind    collector.Kind
}

// periods are how long roll-ups are, the shortest first.
func periods() []time.Duration { return []time.Duration{time.Hour, 24 * time.Hour} }

// samePeriod reports whether two times fall into the same period of a level.
func samePeriod(a, b time.Time, level int) bool {
	return begin(a, level).Equal(begin(b, level))
}

// begin is when the period of a level began that a time falls into.
func begin(at time.Time, level int) time.Time { return at.UTC().Truncate(periods()[level]) }

// A queryRun folds the profiles of one series.
type queryRun struct {
	merger *Merger
	fold   *Fold
	series series
}

// add folds profiles, sorted by time: from the roll-ups of a level as far as
// they go, and the rest from the level below, down to the profiles themselves.
func (run *queryRun) add(ctx context.Context, level int, refs []ref) error {
	if level < 0 {
		for _, r := range refs {
			err := run.merger.addProfile(ctx, run.fold, r.id)
			if collector.CodeOf(err) == collector.NotFound {
				continue // retention was faster
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	for len(refs) > 0 {
		n := slices.IndexFunc(refs, func(r ref) bool { return !samePeriod(r.at, refs[0].at, level) })
		if n < 0 {
			n = len(refs)
		}
		rest, err := run.fromRollup(ctx, level, refs[:n])
		if err != nil {
			return err
		}
		if err := run.add(ctx, level-1, rest); err != nil {
			return err
		}
		refs = refs[n:]
	}
	return nil
}

// fromRollup folds what a roll-up has of profiles that fall into its period, and
// returns the others.
func (run *queryRun) fromRollup(ctx context.Context, level int, refs []ref) (rest []ref, err error) {
	if run.merger.rollups == nil || len(refs) < minRolled {
		return refs, nil
	}
	r := run.merger.rollups.open(run.series, level, begin(refs[0].at, level))
	if r == nil {
		return refs, nil
	}
	defer r.Close()
	wanted := make(map[string]bool, len(refs))
	for _, ref := range refs {
		wanted[ref.id] = true
	}
	for i := range r.groups {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("holmes: merge: %w", err)
		}
		group := &r.groups[i]
		if slices.ContainsFunc(group.IDs, func(id string) bool { return !wanted[id] }) {
			continue
		}
		if run.merger.read(r.section(group), run.fold.Add) != nil {
			continue // it is damaged, the profiles are not
		}
		run.fold.profiles += len(group.IDs) - group.Skipped - 1
		run.fold.skipped += group.Skipped
		run.fold.trimmed += group.Trimmed
		for _, id := range group.IDs {
			delete(wanted, id)
		}
	}
	return slices.DeleteFunc(slices.Clone(refs), func(ref ref) bool { return !wanted[ref.id] }), nil
}
