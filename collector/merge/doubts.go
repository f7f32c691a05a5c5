package merge

import (
	"cmp"
	"slices"
	"time"
)

// What a sum cannot know from its profiles is said beside it: which instance a profile
// without a label is of, and what two profiles of one instance have both counted.

// doubt tells the measures of the sum what it cannot know.
func (p *plan) doubt(f *Fold) {
	if len(p.refs) < 2 {
		return
	}
	for i := range f.columns {
		c := &f.columns[i]
		c.measure.doubts = p.doubtsOf(c.Type, &c.measure)
	}
}

// doubtsOf counts what cannot be known of the profiles of a type. An instance matters to
// values that are of each of them, where only some of the profiles name theirs, and where
// some overlap, which those of one instance do not.
func (p *plan) doubtsOf(typ string, m *Measure) (d doubts) {
	named := 0
	var lasting []*ref
	for i := range p.refs {
		r := &p.refs[i]
		if r.facts == nil && p.exact {
			continue // retention has removed it meanwhile
		}
		if r.facts != nil {
			if _, has := r.facts.total(typ); !has {
				continue
			}
		}
		if m.Over == Rate && r.duration == 0 && m.Processes == 0 {
			continue // is left out
		}
		if r.instance == "" {
			d.Unnamed++
		} else {
			named++
		}
		if m.Class == Flow && r.duration > 0 {
			lasting = append(lasting, r)
		}
	}
	d.Overlapping = overlapping(lasting)
	matters := m.Class == Snapshot || m.Over == Rate || m.PerInstance || m.Processes > 0 || named > 0 || d.Overlapping > 0
	if d.Unnamed+named < 2 || !matters {
		d.Unnamed = 0
	}
	return d
}

// overlapping counts the recordings of which more than a tenth was in the time of
// earlier ones of the same instance. Less is the clocks'.
func overlapping(refs []*ref) (n int) {
	slices.SortFunc(refs, func(a, b *ref) int {
		return cmp.Or(cmp.Compare(a.instance, b.instance), a.at.Compare(b.at), cmp.Compare(a.id, b.id))
	})
	var end time.Time
	for i, r := range refs {
		if i == 0 || refs[i-1].instance != r.instance {
			end = time.Time{}
		}
		if end.Sub(r.at) > r.duration/10 {
			n++
		}
		if until := r.at.Add(r.duration); until.After(end) {
			end = until
		}
	}
	return n
}
