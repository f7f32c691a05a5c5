package flame

import (
	"iter"
	"math"
)

// maxNodes bounds the tree: some 100 MB. Of a profile that has more, the rest is
// counted where the room ended.
const maxNodes = 1 << 20

// A node is a function in one place of the call tree, with all below it. Its
// parent has a lower index.
type node struct {
	parent, frame int32
	depth         int32
	cut           bool // there was more below it
	value, base   float64
	// width is the sum of magnitudes: what was freed takes as much room as what was
	// added.
	width, baseWidth float64
}

// weight is what makes a node wide.
func (n *node) weight() float64 { return n.width + n.baseWidth }

// delta is the part of what a node has on both sides by which it grew, -1 to 1.
func (n *node) delta() float64 {
	if n.weight() == 0 {
		return 0
	}
	return (n.value - n.base) / n.weight()
}

// A tree is stacks of which those that begin alike are one. Node 0 is the root,
// which is no function.
type tree struct {
	nodes  []node
	frames []Frame
	ids    map[Frame]int32
	below  map[place]int32
	depth  int32
	signed bool // there are values below zero
}

// A place is a function below a node.
type place struct{ parent, frame int32 }

func newTree(stacks iter.Seq[Stack], o Options) *tree {
	t := &tree{
		nodes: []node{{parent: -1, frame: -1}}, ids: map[Frame]int32{}, below: map[place]int32{}, depth: int32(o.Depth),
	}
	for s := range stacks {
		if !o.Diff {
			s.Base = 0
		}
		of := node{value: s.Value, base: s.Base, width: math.Abs(s.Value), baseWidth: math.Abs(s.Base)}
		if of.width == 0 && of.baseWidth == 0 {
			continue
		}
		t.signed = t.signed || s.Value < 0 || s.Base < 0
		if frames, ok := focused(s.Frames, o.Focus); ok {
			t.add(frames, &of)
		}
	}
	for i := range t.nodes {
		n := &t.nodes[i]
		n.value, n.base = n.value*o.Scale, n.base*o.BaseScale
		n.width, n.baseWidth = n.width*o.Scale, n.baseWidth*o.BaseScale
	}
	return t
}

// focused returns what begins with a function, the outermost call of it.
func focused(frames []Frame, focus string) ([]Frame, bool) {
	if focus == "" {
		return frames, true
	}
	for i := range frames {
		if frames[i].Function == focus {
			return frames[i:], true
		}
	}
	return nil, false
}

func (t *tree) add(frames []Frame, of *node) {
	at := int32(0)
	t.nodes[at].plus(of)
	for _, f := range frames {
		next, ok := t.child(at, f)
		if !ok {
			t.nodes[at].cut = true
			return
		}
		at = next
		t.nodes[at].plus(of)
	}
}

func (n *node) plus(of *node) {
	n.value += of.value
	n.base += of.base
	n.width += of.width
	n.baseWidth += of.baseWidth
}

// child returns the node of a function below another, and false if there is no
// room for it.
func (t *tree) child(at int32, f Frame) (int32, bool) {
	id, known := t.ids[f]
	if !known {
		id = int32(len(t.frames))
		t.ids[f] = id
		t.frames = append(t.frames, f)
	}
	if n, ok := t.below[place{at, id}]; ok {
		return n, true
	}
	if t.nodes[at].depth >= t.depth || len(t.nodes) >= maxNodes {
		return 0, false
	}
	n := int32(len(t.nodes))
	t.nodes = append(t.nodes, node{parent: at, frame: id, depth: t.nodes[at].depth + 1})
	t.below[place{at, id}] = n
	return n, true
}
