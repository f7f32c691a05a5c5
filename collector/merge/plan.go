package merge

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/go-holmes/holmes/collector"
)

// A plan says what the values of each profile are multiplied by, so that their sum
// is the answer. All weights are whole numbers: it makes no difference whether a
// roll-up has added some of the profiles before.
type plan struct {
	view  View
	kind  collector.Kind
	exact bool // facts are known
	refs  []ref
	// readable counts the refs that can be read, where facts are known.
	readable int
	types    map[string]*typePlan
	unit     int64                     // snapshots are stored in parts of a whole, that many
	ends     map[*ref]map[string]int64 // weights of profiles that count from the start of their process
}

// A typePlan is what a plan has for the values of one type.
type typePlan struct {
	class     Class
	over      Over
	with      int // profiles that have values of it, where facts are known
	profiles  int // that count
	leftOut   int
	seconds   float64
	ends      ends // of what is cumulative
	instances map[string]*shots
}

// shots are the snapshots of an instance.
type shots struct {
	n      int64
	latest *ref
}

// newPlan makes a plan. The refs have facts, or all of their values are flows of
// the time that each covers, or there is one ref only.
func newPlan(refs []ref, kind collector.Kind, view View) *plan {
	p := &plan{view: view, kind: kind, refs: refs, types: map[string]*typePlan{}, unit: 1, ends: map[*ref]map[string]int64{}}
	p.exact = len(refs) > 1 && slices.ContainsFunc(refs, func(r ref) bool { return r.facts != nil })
	if !p.exact {
		return p
	}
	for i := range refs {
		p.count(&refs[i])
	}
	p.planCumulative()
	if view.Over != Latest {
		p.unit = p.common()
	}
	return p
}

// typ returns the plan for a type.
func (p *plan) typ(kind collector.Kind, typ string) *typePlan {
	t := p.types[typ]
	if t == nil {
		t = &typePlan{class: classOf(kind, typ), over: Total, instances: map[string]*shots{}}
		switch {
		case t.class == Snapshot && p.view.Over == Latest:
			t.over = Latest
		case t.class == Snapshot:
			t.over = Mean
		case p.view.Over == Rate:
			t.over = Rate
		}
		p.types[typ] = t
	}
	return t
}

// instance returns the snapshots of an instance.
func (t *typePlan) instance(name string) *shots {
	if t.instances[name] == nil {
		t.instances[name] = &shots{}
	}
	return t.instances[name]
}

// count counts what is neither cumulative nor without facts.
func (p *plan) count(r *ref) {
	if r.facts == nil || len(r.facts.Types) == 0 {
		return
	}
	p.readable++
	for _, typ := range r.facts.Types {
		t := p.typ(r.kind, typ)
		t.with++
		switch {
		case t.class == Flow && cumulative(r.kind, typ, r.duration):
			continue
		case t.class == Flow && t.over == Rate && r.duration == 0:
			t.leftOut++
			continue
		}
		t.profiles++
		t.seconds += r.duration.Seconds()
		i := t.instance(r.instance)
		i.n++
		if i.latest == nil || i.latest.at.Before(r.at) || i.latest.at.Equal(r.at) && i.latest.id < r.id {
			i.latest = r
		}
	}
}

// maxUnit bounds the parts of a whole. A mean is exact up to it, and to a millionth
// above.
const maxUnit = 1 << 20

// common is a number that can be divided by how many snapshots each instance has.
func (p *plan) common() int64 {
	unit := int64(1)
	for _, t := range p.types {
		for _, i := range t.instances {
			if t.class != Snapshot {
				break
			}
			if unit = unit / divisor(unit, i.n) * i.n; unit > maxUnit {
				return maxUnit
			}
		}
	}
	return unit
}

func divisor(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// planCumulative finds the ends of what was counted from the start of a process on:
// what was added between the first and the last profile of it.
func (p *plan) planCumulative() {
	chains := map[string][]*ref{}
	for i := range p.refs {
		r := &p.refs[i]
		if r.facts == nil {
			continue
		}
		for _, typ := range r.facts.Types {
			if cumulative(r.kind, typ, r.duration) {
				key := typ + "\x00" + r.instance + "\x00" + r.process
				chains[key] = append(chains[key], r)
			}
		}
	}
	deltas := map[string]bool{} // types that other profiles have deltas of
	for typ, t := range p.types {
		deltas[typ] = t.profiles > 0
	}
	lone := map[string][]*ref{}
	for _, key := range slices.Sorted(maps.Keys(chains)) {
		typ, _, _ := strings.Cut(key, "\x00")
		chain, t := chains[key], p.types[typ]
		slices.SortStableFunc(chain, func(a, b *ref) int { return cmp.Or(a.at.Compare(b.at), strings.Compare(a.id, b.id)) })
		switch first, last := chain[0], chain[len(chain)-1]; {
		case deltas[typ]:
			t.leftOut += len(chain) // of what the deltas have, too
		case len(chain) == 1:
			lone[typ] = append(lone[typ], first)
		default:
			p.addEnds(typ, chain)
			t.profiles += len(chain)
			t.seconds += last.at.Sub(first.at).Seconds()
			t.ends.add(first.at, last.at)
			t.instance(first.instance)
		}
	}
	for typ, refs := range lone {
		p.planLone(typ, refs)
	}
}

// addEnds adds what was added along a chain. Where the sum becomes less, another
// process has begun.
func (p *plan) addEnds(typ string, chain []*ref) {
	add := func(r *ref, weight int64) {
		if p.ends[r] == nil {
			p.ends[r] = map[string]int64{}
		}
		p.ends[r][typ] += weight
	}
	add(chain[0], -1)
	for i, r := range chain[1:] {
		before, _ := chain[i].facts.total(typ)
		if now, _ := r.facts.total(typ); now < before {
			add(chain[i], 1)
		}
	}
	add(chain[len(chain)-1], 1)
}

// planLone takes the only profiles of their processes: if there is nothing else,
// they are shown as they are.
func (p *plan) planLone(typ string, refs []*ref) {
	t := p.types[typ]
	if t.profiles > 0 {
		t.leftOut += len(refs)
		return
	}
	t.over = SinceStart
	for _, r := range refs {
		if p.ends[r] == nil {
			p.ends[r] = map[string]int64{}
		}
		p.ends[r][typ] = 1
		t.profiles++
		t.instance(r.instance)
	}
}

// weight is what the values of a profile are multiplied by, but for its ends.
func (p *plan) weight(r *ref, typ string) int64 {
	if classOf(r.kind, typ) == Flow {
		switch {
		case p.exact && cumulative(r.kind, typ, r.duration), p.view.Over == Rate && r.duration == 0 && len(p.refs) > 1:
			return 0
		}
		return 1
	}
	if !p.exact {
		return 1
	}
	t := p.types[typ]
	if t == nil {
		return 0 // the facts were guessed, and are others
	}
	i := t.instances[r.instance]
	switch {
	case i == nil:
		return 0
	case p.view.Over == Latest && i.latest != r:
		return 0
	case p.view.Over == Latest:
		return 1
	}
	return (p.unit + i.n/2) / i.n
}

// whole is the weight with that of the ends.
func (p *plan) whole(r *ref, typ string) int64 { return p.weight(r, typ) + p.ends[r][typ] }

// idle reports whether no value of a profile counts.
func (p *plan) idle(r *ref) bool {
	return p.exact && r.facts != nil &&
		!slices.ContainsFunc(r.facts.Types, func(typ string) bool { return p.whole(r, typ) != 0 })
}

// uneven reports whether some of the profiles cannot be read, or have no values of
// some type, so that facts are needed to say which instances and times count.
func (p *plan) uneven(f *Fold) bool {
	return !p.exact && len(p.refs) > 1 &&
		(f.skipped > 0 || slices.ContainsFunc(f.columns, func(c column) bool { return c.profiles != f.profiles }))
}

// finish gives the columns of the sum their measures.
func (p *plan) finish(f *Fold) {
	for i := range f.columns {
		c := &f.columns[i]
		t := p.types[c.Type]
		if t == nil {
			t = p.plain(c)
		}
		m := &c.measure
		*m = Measure{
			Class: t.class, Over: t.over, PerInstance: p.view.PerInstance, Profiles: t.profiles, Instances: max(len(t.instances), 1),
			Seconds: t.seconds, LeftOut: t.leftOut, Without: f.profiles - c.profiles, ends: t.ends,
		}
		if p.exact {
			m.Without = p.readable - t.with
		}
		if m.Class == Snapshot {
			m.Seconds, c.scale = 0, 1/float64(p.unit)
		}
		if m.Over == Rate && m.Seconds == 0 {
			m.Over = Total
		}
		if m.Over == Rate {
			c.scale = float64(m.Instances) / m.Seconds
		}
		if m.PerInstance {
			c.scale /= float64(m.Instances)
		}
	}
	f.usual, f.noted = p.usual(), len(p.refs) > 1
	first, last := p.refs[len(p.refs)-1].at, p.refs[0].at // the newest was found first
	for i := range p.refs {
		if at := p.refs[i].at; at.Before(first) {
			first = at
		} else if at.After(last) {
			last = at
		}
	}
	f.header.time, f.last = first.UnixNano(), last
}

// usual is the last type of those that the most profiles have, in the order of the
// latest profile that has one of them.
func (p *plan) usual() (typ string) {
	most := 0
	for _, t := range p.types {
		most = max(most, t.with)
	}
	for i := range p.refs {
		if p.refs[i].facts == nil || typ != "" {
			continue
		}
		for _, t := range p.refs[i].facts.Types {
			if p.exact && p.types[t].with == most {
				typ = t
			}
		}
	}
	return typ
}

// plain is the plan of values of which no facts were needed.
func (p *plan) plain(c *column) *typePlan {
	t := p.typ(p.kind, c.Type)
	for i := range p.refs {
		r := &p.refs[i]
		if r.facts != nil {
			if _, has := r.facts.total(c.Type); !has {
				continue
			}
		}
		if t.over == Rate && r.duration == 0 && len(p.refs) > 1 {
			t.leftOut++
			continue
		}
		if len(p.refs) == 1 && cumulative(r.kind, c.Type, r.duration) {
			t.over = SinceStart
		}
		t.seconds += r.duration.Seconds()
		t.instance(r.instance)
	}
	t.profiles = c.profiles - t.leftOut
	return t
}
