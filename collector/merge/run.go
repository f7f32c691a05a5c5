package merge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// A queryRun folds profiles.
type queryRun struct {
	merger *Merger
	series series // of all of them, for roll-ups; zero if they are of several
	labels bool
	sum    *Fold
	plan   *plan // nil adds them as they are, for a roll-up
	wrong  bool  // the plan is made of facts that turned out to be others
	// damaged are those that could not be read.
	damaged map[string]bool
	// opened are roll-ups that stay open for the next run.
	opened opened
}

// Opened are open roll-ups, by their periods; nil is one that is not there.
type opened map[period]*rollup

func (o opened) close() {
	for _, r := range o {
		if r != nil {
			_ = r.Close()
		}
	}
}

// open opens a roll-up, unless it is open, and returns nil if there is none. What done
// does ends its use.
func (run *queryRun) open(level int, at time.Time) (r *rollup, done func()) {
	p := period{run.series, level, at}
	r, known := run.opened[p]
	if !known {
		r = run.merger.rollups.open(run.series, level, at)
	}
	switch {
	case run.opened != nil:
		run.opened[p] = r
	case r != nil:
		return r, func() { _ = r.Close() }
	}
	return r, func() {}
}

// fold folds what was found.
func (run *queryRun) fold(ctx context.Context, refs []ref, view View) (*Fold, error) {
	kind := run.series.kind
	if kind == "" && len(refs) > 0 {
		kind = refs[0].kind
	}
	if len(refs) > 1 && slices.ContainsFunc(refs, func(r ref) bool { return needsFacts(r.kind) }) {
		if err := run.learn(ctx, refs); err != nil {
			return nil, err
		}
	}
	level := len(periods()) - 1
	if run.series == (series{}) {
		level = -1
	}
	for run.wrong = true; run.wrong; { // nothing is guessed the second time
		run.sum = NewFold(run.merger.config.Memory)
		run.sum.bare = !run.labels
		run.sum.kind, run.sum.asked = kind, run.series.kind != ""
		run.plan, run.damaged, run.wrong = newPlan(refs, kind, view), map[string]bool{}, false
		if err := run.add(ctx, level, pointers(refs)); err != nil {
			return nil, err
		}
	}
	f := run.sum
	if err := f.something(); err != nil {
		return nil, err
	}
	if run.plan.uneven(f) {
		if err := run.learn(ctx, refs); err != nil {
			return nil, err
		}
	}
	run.plan.finish(f)
	run.plan.doubt(f)
	return f, nil
}

func pointers(refs []ref) []*ref {
	all := make([]*ref, len(refs))
	for i := range refs {
		all[i] = &refs[i]
	}
	return all
}

// add folds profiles, sorted by time: from the roll-ups of a level as far as
// they go, and the rest from the level below, down to the profiles themselves.
func (run *queryRun) add(ctx context.Context, level int, refs []*ref) error {
	if level < 0 {
		for _, r := range refs {
			if err := run.addProfile(ctx, r); err != nil {
				return err
			}
		}
		return nil
	}
	for len(refs) > 0 {
		n := slices.IndexFunc(refs, func(r *ref) bool { return !samePeriod(r.at, refs[0].at, level) })
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

// addProfile adds a stored profile. One that cannot be read is left out and counted,
// and one that retention has removed meanwhile is left out.
func (run *queryRun) addProfile(ctx context.Context, r *ref) error {
	how := addition{takes: r.takes}
	if p := run.plan; p != nil {
		if p.idle(r) && run.sum.has(r.facts.Types) {
			if r.guessed {
				if err := run.verify(ctx, r); err != nil || r.facts == nil {
					return err
				}
			}
			run.passOver(r)
			return nil
		}
		how.weigh = func(typ string) int64 { return p.whole(r, typ) }
	}
	err := run.merger.open(ctx, r.id, func(raw []byte) error {
		if err := run.sum.add(raw, how); err != nil {
			return err
		}
		switch {
		case run.plan == nil && needsFacts(r.kind):
			r.facts = r.only(run.sum.src.facts())
		case r.guessed:
			run.found(r, r.only(run.sum.src.facts()))
		}
		return nil
	})
	switch {
	case errors.Is(err, errDamaged):
		run.found(r, &facts{})
		r.facts = &facts{}
		run.passOver(r)
	case collector.CodeOf(err) == collector.NotFound && run.series != (series{}):
		run.found(r, nil)
	default:
		return err
	}
	return nil
}

// passOver counts a profile that is not read.
func (run *queryRun) passOver(r *ref) {
	if len(r.facts.Types) == 0 {
		run.sum.skipped++
		run.damaged[r.id] = true
		return
	}
	run.sum.profiles++
}

// fromRollup folds what a roll-up has of profiles that fall into its period, and
// returns the others.
func (run *queryRun) fromRollup(ctx context.Context, level int, refs []*ref) (rest []*ref, err error) {
	if run.merger.rollups == nil || len(refs) < minRolled {
		return refs, nil
	}
	r, done := run.open(level, begin(refs[0].at, level))
	defer done()
	if r == nil {
		return refs, nil
	}
	wanted := make(map[string]*ref, len(refs))
	var groups []int // of which a profile is wanted
	for _, ref := range refs {
		wanted[ref.id] = ref
		if g, is := r.byFirst[ref.id]; is {
			groups = append(groups, g)
		}
	}
	slices.Sort(groups)
	for _, g := range groups {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("holmes: merge: %w", err)
		}
		if err := run.addGroup(ctx, r, &r.groups[g], wanted); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(slices.Clone(refs), func(ref *ref) bool { return wanted[ref.id] == nil }), nil
}

// addGroup folds a group of a roll-up, if all of its profiles are wanted and count
// the same, and takes them from the wanted ones.
func (run *queryRun) addGroup(ctx context.Context, r *rollup, g *group, wanted map[string]*ref) error {
	if g.Count > len(wanted) {
		return nil
	}
	of, whole := r.members(g)
	if !whole {
		return nil // the profiles are not damaged
	}
	members := make([]*ref, len(of.ids))
	for i, id := range of.ids {
		if members[i] = wanted[id]; members[i] == nil {
			return nil
		}
	}
	for i := range of.facts {
		run.found(members[i], &of.facts[i])
	}
	how := addition{}
	if run.plan != nil {
		weights, same := g.weights(run.plan, members)
		if !same || g.Bare && run.labels {
			return nil
		}
		how.weigh = func(typ string) int64 { return weights[typ] }
	}
	if whole := run.merger.read(r.section(g), func(raw []byte) error { return run.sum.add(raw, how) }) == nil; !whole {
		return nil // nor here
	}
	run.sum.addGroup(g, how.weigh)
	if g.Bare {
		run.sum.DropLabels()
		run.sum.stripped = run.sum.stripped || run.labels
	}
	for i, id := range of.ids {
		if len(of.facts) > 0 && run.plan == nil {
			members[i].facts = &of.facts[i]
		}
		delete(wanted, id)
	}
	for _, id := range g.Damaged {
		run.damaged[id] = true
	}
	return run.addEnds(ctx, members)
}

// addEnds adds the ends that members of a group are.
func (run *queryRun) addEnds(ctx context.Context, members []*ref) error {
	if run.plan == nil {
		return nil
	}
	for _, r := range members {
		ends := run.plan.ends[r]
		if len(ends) == 0 {
			continue
		}
		how := addition{uncounted: true, takes: r.takes, weigh: func(typ string) int64 { return ends[typ] }}
		err := run.merger.open(ctx, r.id, func(raw []byte) error { return run.sum.add(raw, how) })
		if err != nil && !errors.Is(err, errDamaged) && collector.CodeOf(err) != collector.NotFound {
			return err
		}
	}
	return nil
}
