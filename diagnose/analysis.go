package diagnose

// An analysis is a case while it is judged. Each profile is read once.
type analysis struct {
	*Case
	functions *functions
	views     map[*Profile]*view
	calm      *Baseline
	heapAsked bool // the heap profile was evidence
}

func newAnalysis(c *Case, o Options) *analysis {
	a := &analysis{Case: c, functions: newFunctions(o), views: map[*Profile]*view{}, calm: c.Baseline}
	if a.calm == nil {
		a.calm = new(Baseline)
	}
	return a
}

func (a *analysis) view(p *Profile) *view {
	v := a.views[p]
	if v == nil {
		v = a.functions.view(p)
		a.views[p] = v
	}
	return v
}

// diff compares the profiles of a kind by the function that is chosen of each stack.
func (a *analysis) diff(kind string, choose choice) *diff {
	return a.between(kind, a.calm.of(kind), a.Event.of(kind), choose)
}

func (a *analysis) between(kind string, before, after *Profile, choose choice) *diff {
	c := &diff{view: a.view(after), kind: kind, calm: newTally(), scale: 1}
	c.with = c.view.scale(kind)
	c.now = c.view.sum(c.with, choose)
	then := a.view(before)
	s := then.scale(kind)
	if c.with.ok && s.ok && s.column.Unit == c.with.column.Unit {
		c.compared, c.scale = true, timeScale(kind, before, after)
		c.before, c.beforeWith = then, s
		c.calm = then.sum(s, choose)
	}
	c.split = func(of func(*view, *scale) tally) (now, was tally) {
		return of(c.view, c.with), of(c.before, c.beforeWith)
	}
	if kind == "heap" {
		around := heapChurn * c.calm.total.value
		c.churn = around * around
	}
	return c
}

// extra is the growth of the whole profile.
func (c *diff) extra() float64 { return c.now.total.value - c.scale*c.calm.total.value }

// culprits are growths with names and positions.
func (c *diff) culprits(gs []*growth) []Culprit {
	wanted := make(map[function]detail, len(gs))
	for _, g := range gs {
		wanted[g.fn] = detail{}
	}
	c.view.detail(c.with, wanted)
	out := make([]Culprit, 0, len(gs))
	for i, g := range gs {
		d := wanted[g.fn]
		out = append(out, Culprit{})
		c.describe(&out[i], g, &d)
	}
	return out
}

// describe fills in a culprit.
func (c *diff) describe(out *Culprit, g *growth, d *detail) {
	functions := c.view.functions
	out.Function, out.Via = functions.all[g.fn].symbol, functions.all[d.via].symbol
	if shown := functions.display(g.fn); shown != out.Function {
		out.Display = shown
	}
	out.File, out.Line = d.base(), int(d.line)
	out.Share, out.Delta = g.share, g.delta
	if c.compared {
		out.Score = g.score
	}
	out.Unit, out.Evidence = c.with.column.Unit, c.kind
}

func (fs *functions) display(id function) string {
	p := fs.all[id]
	if p.origin == originOwn {
		return short(display(p.symbol))
	}
	return display(p.symbol)
}
