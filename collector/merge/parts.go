package merge

import (
	"cmp"
	"maps"
	"slices"

	"github.com/go-holmes/holmes/collector"
)

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
// left out. A group is the places of its profiles, in order.
func (l *listing) groupsOf(most int) [][]int32 {
	counts := map[string]map[string]bool{} // the values of each label
	for _, labels := range l.sets {
		for _, l := range labels {
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
		groups := l.part(keys)
		if len(keys) == 0 || len(groups) <= most && minRolled*len(groups) <= len(l.all) {
			return slices.DeleteFunc(groups, func(g []int32) bool { return len(g) < 2 })
		}
		keys = keys[:len(keys)-1] // the one with the most values
	}
}

// part parts profiles by the values of some labels.
func (l *listing) part(keys []string) [][]int32 {
	var groups [][]int32
	places := map[string]int{}
	ofSet := make([][2]int, len(l.sets)) // the group + 1 of profiles with a set of labels, with a duration or without
	for i := range l.all {
		e, delta := &l.all[i], 0
		if e.duration > 0 {
			delta = 1
		}
		at := &ofSet[e.set][delta]
		if *at == 0 {
			*at = l.place(places, e.set, keys, delta) + 1
		}
		if *at > len(groups) {
			groups = append(groups, nil)
		}
		groups[*at-1] = append(groups[*at-1], int32(i))
	}
	return groups
}

// place returns the number of the group of a set of labels, the next one if it is new.
func (l *listing) place(places map[string]int, set int32, keys []string, delta int) int {
	var kept collector.Labels
	for _, label := range l.sets[set] {
		if slices.Contains(keys, label.Key) {
			kept = append(kept, label)
		}
	}
	name := kept.String() + " delta"[:6*delta]
	at, known := places[name]
	if !known {
		at = len(places)
		places[name] = at
	}
	return at
}
