package merge

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// What a sum cannot know from its profiles is said beside it: which instance a profile
// without a label is of, and what two profiles of one instance have both counted.

// doubts count the profiles of which a sum may be wrong.
type doubts struct {
	Unnamed     int `json:"unnamed,omitempty"`     // without the label of an instance, taken as those of one
	Overlapping int `json:"overlapping,omitempty"` // that began before another one of their instance had ended
}

// ends are the first and the last profiles of processes that count from their start.
type ends struct {
	// Processes is how many there are; 0 for other values.
	Processes int `json:"processes,omitempty"`
	// First and Last are the times of the first and of the last profile of all of them.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
}

// add adds the chain of a process, from its first profile to its last.
func (e *ends) add(first, last time.Time) {
	if e.Processes == 0 || first.Before(e.First) {
		e.First = first
	}
	if e.Processes == 0 || last.After(e.Last) {
		e.Last = last
	}
	e.Processes++
}

// span is the ends in words, "" if there are none.
func (e *ends) span() string {
	if e.Processes == 0 {
		return ""
	}
	const day, clock = "2006-01-02 ", "15:04:05"
	first, last := e.First.UTC(), e.Last.UTC()
	until := last.Format(clock)
	if first.Format(day) != last.Format(day) {
		until = last.Format(day + clock)
	}
	return fmt.Sprintf(", from the first to the last profile of %s, %s to %s", many(e.Processes, "process"), first.Format(day+clock), until)
}

// doubts counts what cannot be known of the profiles of a type. An instance matters to values
// that are of each of them, and where only some of the profiles name theirs.
func (p *plan) doubts(typ string, m *Measure) (d doubts) {
	if len(p.refs) < 2 {
		return d
	}
	named := 0
	var lasting []*ref
	for i := range p.refs {
		r := &p.refs[i]
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
	each := m.Class == Snapshot || m.Over == Rate || m.PerInstance || m.Processes > 0
	if d.Unnamed+named < 2 || named == 0 && !each {
		d.Unnamed = 0
	}
	d.Overlapping = overlapping(lasting)
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
