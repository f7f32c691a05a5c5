package merge

import (
	"cmp"
	"maps"
	"slices"

	"github.com/go-holmes/holmes/collector"
)

// maxGroups is how many groups a roll-up has at the most.
const maxGroups = 16

// groupsOf parts profiles by their labels, so that a query for a version finds
// its groups. Labels that would make many small groups, such as the instance's
// name, are not looked at: a query for one of those finds few profiles.
// Groups of one profile are left out.
func groupsOf(metas []collector.Meta) [][]collector.Meta {
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
		if len(keys) == 0 || len(groups) <= maxGroups && minRolled*len(groups) <= len(metas) {
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
