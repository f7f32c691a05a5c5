package merge

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// A group is the sum of some of the profiles of a roll-up.
type group struct {
	IDs  []string `json:"ids"`
	Size int64    `json:"size"`
	// Profiles describe those of IDs, for when retention has removed them.
	Profiles []described `json:"profiles,omitempty"`
	// With counts the profiles that have values of a type, Below tells the types
	// with a value below zero.
	With  map[string]int  `json:"with"`
	Below map[string]bool `json:"below,omitempty"`
	// Damaged are the profiles that could not be read.
	Damaged []string `json:"damaged,omitempty"`
	// Bare says that the labels of samples were dropped.
	Bare bool `json:"bare,omitempty"`
	// Facts are those of the profiles, where a plan needs them.
	Facts []facts `json:"facts,omitempty"`

	from int64 // where it is in the file
}

// A described is what a query needs of a profile.
type described struct {
	At       time.Time        `json:"at"`
	Duration time.Duration    `json:"duration,omitempty"`
	Labels   collector.Labels `json:"labels,omitempty"`
}

// weights returns what the values of a group are multiplied by, and false if its
// profiles do not count the same. Ends are not in it.
func (g *group) weights(p *plan, members []*ref) (weights map[string]int64, same bool) {
	weights = map[string]int64{}
	for typ := range g.With {
		first := true
		for _, r := range members {
			if p.exact {
				if r.facts == nil {
					return nil, false
				}
				if _, has := r.facts.total(typ); !has {
					continue
				}
			}
			w := p.weight(r, typ)
			if !first && w != weights[typ] {
				return nil, false
			}
			weights[typ], first = w, false
		}
	}
	return weights, true
}

// addGroup counts the profiles of a group, whose sum was added as one profile.
func (f *Fold) addGroup(g *group, weigh func(string) int64) {
	f.profiles += len(g.IDs) - len(g.Damaged) - 1
	f.skipped += len(g.Damaged)
	for i := range f.columns {
		c := &f.columns[i]
		if n := g.With[c.Type]; n > 0 {
			c.profiles += n - 1
		}
		if g.Below[c.Type] && (weigh == nil || weigh(c.Type) != 0) {
			c.signed = true
		}
	}
}

const (
	// maxGroups is how many groups a roll-up of flows has at the most.
	maxGroups = 16
	// maxSeries is the same of snapshots, which need a group for each instance.
	maxSeries = 4096
)

// groupsOf parts profiles by their labels, so that a query for a version finds
// its groups. Labels that would make many small groups, such as the instance's
// name, are not looked at: a query for one of those finds few profiles. Profiles
// that cover a time are never with those that do not. Groups of one profile are
// left out.
func groupsOf(metas []collector.Meta, most int) [][]collector.Meta {
	counts := map[string]map[string]bool{} // the values of each label
	for i := range metas {
		for _, l := range metas[i].Labels {
			if counts[l.Key] == nil {
				counts[l.Key] = map[string]bool{}
			}
			counts[l.Key][l.Value] = true
		}
	}
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(counts[a]), len(counts[b])), cmp.Compare(a, b))
	})
	for {
		groups := part(metas, keys)
		if len(keys) == 0 || len(groups) <= most && minRolled*len(groups) <= len(metas) {
			return slices.DeleteFunc(groups, func(g []collector.Meta) bool { return len(g) < 2 })
		}
		keys = keys[:len(keys)-1] // the one with the most values
	}
}

// part returns profiles by the values of some labels, in the order in which they
// come.
func part(metas []collector.Meta, keys []string) [][]collector.Meta {
	var groups [][]collector.Meta
	places := map[string]int{}
	for i := range metas {
		var kept collector.Labels
		for _, l := range metas[i].Labels {
			if slices.Contains(keys, l.Key) {
				kept = append(kept, l)
			}
		}
		name := kept.String()
		if metas[i].Duration > 0 {
			name += " delta"
		}
		at, known := places[name]
		if !known {
			at = len(groups)
			places[name] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], metas[i])
	}
	return groups
}
