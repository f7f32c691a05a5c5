package flame

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// The measures of a picture, in its own units; it is shown as wide as there is
// room.
const (
	width    = 1200.0
	row      = 17.0 // from one row of boxes to the next
	header   = 46.0 // above the boxes
	footer   = 24.0 // below them
	narrow   = 0.5  // narrower boxes are not drawn
	letter   = 6.65 // the width of a letter
	boxInset = 3.0  // between a box's edge and its text
)

// A box is a node that is drawn.
type box struct {
	*node
	name   string // full
	class  string // of its colour
	hit    bool   // it is searched for
	rest   bool   // it stands for what is too narrow
	x, w   float64
	total  float64 // what shares are of
	parent int32   // in the boxes
}

// A Graph is a flame graph that has been laid out.
type Graph struct {
	options Options
	boxes   []box // a parent before its children; the first is the root
	rows    int
	nodes   int     // that there were
	rests   int     // boxes that stand for others
	signed  bool    // there are values below zero
	found   float64 // weight of what is searched for
}

// New lays a flame graph out. It reads all stacks before it returns.
func New(stacks iter.Seq[Stack], o Options) *Graph {
	o = o.withDefaults()
	t := newTree(stacks, o)
	g := &Graph{options: o, nodes: len(t.nodes) - 1, signed: t.signed}
	g.layOut(t, g.worth(t), called(t))
	g.found = g.search()
	return g
}

// Boxes returns how many places of the call tree are drawn.
func (g *Graph) Boxes() int { return len(g.boxes) - 1 - g.rests }

// worth returns the nodes to draw by their parents, the widest first. A parent is
// never lighter than its child, and comes before it: so the boxes that are drawn
// are connected.
func (g *Graph) worth(t *tree) map[int32][]int32 {
	total := t.nodes[0].weight()
	var wide []int32
	for i := 1; i < len(t.nodes); i++ {
		if t.nodes[i].weight()/total*width >= narrow {
			wide = append(wide, int32(i))
		}
	}
	slices.SortFunc(wide, func(a, b int32) int {
		return cmp.Or(cmp.Compare(t.nodes[b].weight(), t.nodes[a].weight()), cmp.Compare(a, b))
	})
	wide = wide[:min(len(wide), g.options.Boxes)]
	children := map[int32][]int32{}
	for _, i := range wide {
		children[t.nodes[i].parent] = append(children[t.nodes[i].parent], i)
	}
	for _, list := range children {
		slices.SortFunc(list, func(a, b int32) int {
			return cmp.Or(cmp.Compare(t.nodes[b].weight(), t.nodes[a].weight()),
				strings.Compare(t.frames[t.nodes[a].frame].Function, t.frames[t.nodes[b].frame].Function), cmp.Compare(a, b))
		})
	}
	return children
}

// called returns what was measured below each node.
func called(t *tree) []node {
	below := make([]node, len(t.nodes))
	for i := 1; i < len(t.nodes); i++ {
		below[t.nodes[i].parent].plus(&t.nodes[i])
	}
	return below
}

// layOut gives each node its place, depth first, and without recursion: stacks
// are as deep as they are.
func (g *Graph) layOut(t *tree, children map[int32][]int32, called []node) {
	root := &t.nodes[0]
	g.boxes = append(g.boxes, box{node: root, name: "all", class: "x", w: width, total: root.weight()})
	type step struct{ node, box int32 }
	todo := []step{{0, 0}}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if at.node != 0 {
			g.rows = max(g.rows, int(t.nodes[at.node].depth))
		}
		x, rest := g.boxes[at.box].x, called[at.node]
		var below []step
		for _, i := range children[at.node] {
			n := &t.nodes[i]
			w := n.weight() / root.weight() * width
			b := box{node: n, name: t.frames[n.frame].Function, x: x, w: w, total: g.boxes[0].total, parent: at.box}
			b.class = g.colour(&b, t.frames[n.frame])
			x += w
			rest.value -= n.value
			rest.base -= n.base
			rest.width -= n.width
			rest.baseWidth -= n.baseWidth
			below = append(below, step{i, int32(len(g.boxes))})
			g.boxes = append(g.boxes, b)
		}
		g.addRest(t, at.node, at.box, x, rest)
		slices.Reverse(below)
		todo = append(todo, below...)
	}
}

// addRest draws the children of a node that are too narrow as one box, so that
// they are not taken for the function's own value.
func (g *Graph) addRest(t *tree, parent, at int32, x float64, rest node) {
	w := rest.weight() / t.nodes[0].weight() * width
	if !(w >= narrow) { // also where nothing was measured at all
		return
	}
	rest.depth = t.nodes[parent].depth + 1
	g.rows = max(g.rows, int(rest.depth))
	g.rests++
	g.boxes = append(g.boxes, box{
		node: &rest, name: "(others, too narrow to be drawn)", class: "rest", x: x, w: w, total: g.boxes[0].total, parent: at, rest: true,
	})
}

// search marks what is searched for and returns its weight. A call inside a call
// counts once.
func (g *Graph) search() (found float64) {
	if g.options.Search == "" {
		return 0
	}
	wanted := strings.ToLower(g.options.Search)
	inside := make([]bool, len(g.boxes))
	for i := 1; i < len(g.boxes); i++ {
		b := &g.boxes[i]
		b.hit = !b.rest && strings.Contains(strings.ToLower(b.name), wanted)
		inside[i] = inside[b.parent] || b.hit
		if b.hit && !inside[b.parent] {
			found += b.weight()
		}
	}
	return found
}
