package diagnose

// An inquest is a case while it is judged: its profiles are read once, however
// often they are asked.
type inquest struct {
	*Case
	people *people
	views  map[*Profile]*view
	calm   *Baseline
}

func newInquest(c *Case, o Options) *inquest {
	q := &inquest{Case: c, people: newPeople(o), views: map[*Profile]*view{}, calm: c.Baseline}
	if q.calm == nil {
		q.calm = new(Baseline)
	}
	return q
}

func (q *inquest) view(p *Profile) *view {
	v := q.views[p]
	if v == nil {
		v = q.people.view(p)
		q.views[p] = v
	}
	return v
}

// contrast compares the profiles of a kind by who is chosen of each stack.
func (q *inquest) contrast(kind string, choose choice) *contrast {
	return q.between(kind, q.calm.of(kind), q.Event.of(kind), choose)
}

func (q *inquest) between(kind string, before, after *Profile, choose choice) *contrast {
	c := &contrast{view: q.view(after), kind: kind, calm: newTally(), scale: 1}
	c.with = c.view.scale(kind)
	c.now = c.view.sum(c.with, choose)
	then := q.view(before)
	s := then.scale(kind)
	if c.with.ok && s.ok && s.column.Unit == c.with.column.Unit {
		c.compared, c.scale = true, timeScale(kind, before, after)
		c.before, c.beforeWith = then, s
		c.calm = then.sum(s, choose)
	}
	c.split = func(of func(*view, scale) tally) (now, was tally) {
		return of(c.view, c.with), of(c.before, c.beforeWith)
	}
	if kind == "heap" {
		around := unrest * c.calm.total.value
		c.unrest = around * around
	}
	return c
}

// extra is how much more there is of everything.
func (c *contrast) extra() float64 { return c.now.total.value - c.scale*c.calm.total.value }

// culprits are growths with names and places.
func (c *contrast) culprits(gs []growth) []Culprit {
	wanted := make(map[who]detail, len(gs))
	for _, g := range gs {
		wanted[g.who] = detail{}
	}
	c.view.detail(c.with, wanted)
	out := make([]Culprit, 0, len(gs))
	for i := range gs {
		d := wanted[gs[i].who]
		out = append(out, Culprit{})
		c.charge(&out[i], &gs[i], &d)
	}
	return out
}

// charge writes down what speaks against a culprit.
func (c *contrast) charge(out *Culprit, g *growth, d *detail) {
	people := c.view.people
	out.Function, out.Via = people.all[g.who].symbol, people.all[d.via].symbol
	if shown := people.display(g.who); shown != out.Function {
		out.Display = shown
	}
	out.File, out.Line = d.base(), int(d.line)
	out.Share, out.Delta = g.share, g.delta
	if c.compared {
		out.Score = g.score
	}
	out.Unit, out.Evidence = c.with.column.Unit, c.kind
}

func (b *people) display(id who) string {
	p := b.all[id]
	if p.origin == originOwn {
		return short(display(p.symbol))
	}
	return display(p.symbol)
}
