package merge

import (
	"slices"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// A ref is a profile that was found.
type ref struct {
	id       string
	at       time.Time
	kind     collector.Kind // that was asked for, or else its own
	own      collector.Kind // of which kind has only a part; "" is all of it
	duration time.Duration
	instance string // its name
	process  string // labels that no other process has at the same time
	facts    *facts // nil if they are not needed
	guessed  bool   // facts are those of the intake, which has not looked at all of the profile
}

// refOf returns the ref of a profile of which the values of a kind are asked for, or all
// if it is "".
func refOf(m *collector.Meta, asked collector.Kind) ref {
	r := ref{id: m.ID, at: m.CreatedAt, kind: m.Kind, duration: m.Duration, instance: instanceOf(m.Labels)}
	if asked != "" {
		r.kind, r.own = asked, m.Kind
	}
	if needsFacts(r.kind) {
		r.process = m.Labels.String()
		if len(m.Totals) > 0 {
			r.facts, r.guessed = r.only(factsOfTotals(m.Totals)), true
		}
	}
	return r
}

// takes reports whether values of a type are asked for.
func (r *ref) takes(typ string) bool { return r.own == "" || r.own.Of(typ) == r.kind }

// instanceOf returns the name of the instance that a profile is of. Profiles
// without such a label are taken as those of one instance.
func instanceOf(labels collector.Labels) string {
	for _, key := range []string{"instance", "service_instance_id", "service.instance.id", "pod", "hostname", "host"} {
		if name := labels.Get(key); name != "" {
			return name
		}
	}
	return ""
}

// facts are what has to be known of a profile before its values are added: their
// types and the sum of each.
type facts struct {
	Types  []string `json:"types,omitempty"` // none of a profile that cannot be read
	Totals []int64  `json:"totals,omitempty"`
}

// factsOfTotals returns the facts that the intake has added up.
func factsOfTotals(totals []collector.Total) *facts {
	f := &facts{Types: make([]string, len(totals)), Totals: make([]int64, len(totals))}
	for i := range totals {
		f.Types[i], f.Totals[i] = totals[i].Type, totals[i].Value
	}
	return f
}

func (f *facts) equal(g *facts) bool {
	return slices.Equal(f.Types, g.Types) && slices.Equal(f.Totals, g.Totals)
}

// total returns the sum of the values of a type.
func (f *facts) total(typ string) (sum int64, there bool) {
	for i, t := range f.Types {
		if t == typ {
			return f.Totals[i], true
		}
	}
	return 0, false
}

// only returns the facts of the types that a ref takes, see [addition].
func (r *ref) only(f *facts) *facts {
	taken := &facts{}
	for i, typ := range f.Types {
		if r.takes(typ) {
			taken.Types, taken.Totals = append(taken.Types, typ), append(taken.Totals, f.Totals[i])
		}
	}
	if n := len(taken.Types); n == 0 || n == len(f.Types) {
		return f
	}
	return taken
}

// needsFacts reports whether the values of a kind cannot be added without facts.
func needsFacts(kind collector.Kind) bool { return kind != collector.KindCPU }
