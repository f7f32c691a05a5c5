package merge

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
	f.profiles += g.Count - len(g.Damaged) - 1
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
