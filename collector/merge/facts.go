package merge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-holmes/holmes/internal/protowire"

	"github.com/go-holmes/holmes/collector"
)

// facts returns those of a profile that was read.
func (s *source) facts() *facts {
	f := &facts{Totals: make([]int64, len(s.types))}
	for _, t := range s.types {
		f.Types = append(f.Types, string(s.text(t.typ)))
	}
	for _, at := range s.samples {
		n := 0
		c := protowire.Walk(s.at(at))
		for c.Next() {
			if c.Field != protowire.SampleValue {
				continue
			}
			for run := c.Run(); len(run) > 0; n++ {
				v, size := protowire.Uvarint(run)
				run = run[size:]
				f.Totals[n] = plus(f.Totals[n], int64(v))
			}
		}
	}
	return f
}

// A factsCache has the facts of profiles by ID. A stored profile never changes.
type factsCache struct {
	mu   sync.Mutex
	byID map[string]*facts
}

// maxFacts bounds the cache: some 30 MB.
const maxFacts = 100_000

func (c *factsCache) get(id string) *facts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byID[id]
}

func (c *factsCache) put(id string, f *facts) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byID == nil || len(c.byID) == maxFacts {
		c.byID = map[string]*facts{}
	}
	c.byID[id] = f
}

// learn completes the refs with their facts: from the totals of the intake, from
// roll-ups, from what is known, and for the rest from the profiles. Those that retention
// has removed meanwhile have none.
func (run *queryRun) learn(ctx context.Context, refs []ref) error {
	run.learnFromRollups(refs)
	for i := range refs {
		r := &refs[i]
		if r.facts != nil {
			continue
		}
		f := run.merger.known.get(r.id)
		if f == nil {
			var err error
			if f, err = run.merger.factsOf(ctx, r.id); collector.CodeOf(err) == collector.NotFound {
				continue
			} else if err != nil {
				return err
			}
		}
		r.facts = r.only(f)
	}
	return nil
}

// found takes the facts of a profile that was read, nil if it is gone. Where they are not
// what was guessed, the plan is wrong.
func (run *queryRun) found(r *ref, f *facts) {
	if !r.guessed {
		return
	}
	if f == nil || !r.facts.equal(f) {
		r.facts, run.wrong = f, true
	}
	r.guessed = false
}

// verify reads a profile of which nothing counts, since it is counted as one that can be
// read.
func (run *queryRun) verify(ctx context.Context, r *ref) error {
	f := run.merger.known.get(r.id)
	if f == nil {
		var err error
		if f, err = run.merger.factsOf(ctx, r.id); collector.CodeOf(err) == collector.NotFound {
			run.found(r, nil)
			return nil
		} else if err != nil {
			return err
		}
	}
	run.found(r, r.only(f))
	return nil
}

// factsOf reads the facts of a profile.
func (m *Merger) factsOf(ctx context.Context, id string) (*facts, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("holmes: merge: %w", err)
	}
	var s source
	f := &facts{}
	err := m.open(ctx, id, func(raw []byte) error {
		err := s.read(raw)
		if err == nil {
			f = s.facts()
		}
		return err
	})
	if err != nil && !errors.Is(err, errDamaged) {
		return nil, err
	}
	m.known.put(id, f)
	return f, nil
}

// learnFromRollups takes the facts that roll-ups have.
func (run *queryRun) learnFromRollups(refs []ref) {
	if run.merger.rollups == nil {
		return
	}
	byID := make(map[string]*ref, len(refs))
	for i := range refs {
		byID[refs[i].id] = &refs[i]
	}
	for level := range slices.Backward(periods()) {
		var last time.Time // the period that was looked at
		for i := range refs {
			at := begin(refs[i].at, level)
			if refs[i].facts != nil || at.Equal(last) {
				continue
			}
			last = at
			r := run.merger.rollups.open(run.series, level, at)
			if r == nil {
				continue
			}
			for g := range r.groups {
				if members, whole := r.members(&r.groups[g]); whole {
					members.tell(byID)
				}
			}
			_ = r.Close()
		}
	}
}

// tell hands the facts of members to the refs of their profiles.
func (m *members) tell(byID map[string]*ref) {
	for i := range m.facts {
		if r := byID[m.ids[i]]; r != nil && r.facts == nil {
			r.facts = &m.facts[i]
		}
	}
}
