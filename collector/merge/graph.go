package merge

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
)

// GraphOptions say how a call graph is drawn.
type GraphOptions struct {
	// Title stands above it.
	Title string
	// Column is the number of the values.
	Column int
	// Functions is how many are drawn, those with the largest sums; 80 by
	// default.
	Functions int
	// Format writes values for display. The default is the number.
	Format func(float64) string
}

// A callNode is a function of a call graph.
type callNode struct {
	flat, sum float64
	number    int
	last      int // stack in which it was seen
}

// An edge leads from a caller to what it calls.
type edge struct{ from, to string }

type callEdge struct {
	sum  float64
	last int
}

// WriteDOT writes the call graph in the language of Graphviz: functions with
// their own values and those of their callees, and the calls between them. Calls
// by way of functions that are not drawn are left out.
func (f *Fold) WriteDOT(w io.Writer, o GraphOptions) error {
	o.Functions = cmp.Or(o.Functions, 80)
	if o.Format == nil {
		o.Format = func(v float64) string { return fmt.Sprint(v) }
	}
	nodes, edges, total, whole := f.callGraph(o.Column)
	scale, format := f.Scale(o.Column), o.Format
	o.Format = func(v float64) string { return format(v * scale) }
	names := slices.SortedFunc(maps.Keys(nodes), func(a, b string) int {
		return cmp.Or(cmp.Compare(math.Abs(nodes[b].sum), math.Abs(nodes[a].sum)), cmp.Compare(a, b))
	})
	names = names[:min(len(names), o.Functions)]
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "digraph calls {\n\tlabel=%s; labelloc=t; fontname=\"sans-serif\";\n"+
		"\tnode [shape=box, fontname=\"sans-serif\", style=filled, fillcolor=\"#f6f6f6\"];\n\tedge [fontname=\"sans-serif\", fontsize=10];\n",
		quote(fmt.Sprintf("%s\n%s in all, %d of %d functions", o.Title, o.Format(total), len(names), len(nodes))))
	for i, name := range names {
		n := nodes[name]
		n.number = i + 1
		share := 0.0
		if whole != 0 {
			share = min(math.Abs(n.flat)/whole, 1)
		}
		fmt.Fprintf(b, "\tn%d [label=%s, fontsize=%.0f, fillcolor=%s];\n", n.number,
			quote(fmt.Sprintf("%s\n%s\nof %s", shorten(name), o.Format(n.flat), o.Format(n.sum))), 10+20*share, fill(n.sum, share))
	}
	for _, e := range slices.SortedFunc(maps.Keys(edges), func(a, b edge) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	}) {
		from, to := nodes[e.from], nodes[e.to]
		if from.number > 0 && to.number > 0 && edges[e].sum != 0 {
			fmt.Fprintf(b, "\tn%d -> n%d [label=%s];\n", from.number, to.number, quote(o.Format(edges[e].sum)))
		}
	}
	b.WriteString("}\n")
	if err := b.Flush(); err != nil {
		return fmt.Errorf("holmes: merge: write: %w", err)
	}
	return nil
}

// callGraph adds up functions and calls, each once for a stack. whole is the sum of
// magnitudes.
func (f *Fold) callGraph(column int) (nodes map[string]*callNode, edges map[edge]*callEdge, total, whole float64) {
	nodes, edges = map[string]*callNode{}, map[edge]*callEdge{}
	stack := 0
	for frames, stored := range f.Stacks(column) {
		value := float64(stored)
		stack++
		total += value
		whole += math.Abs(value)
		for i, frame := range frames {
			n := nodes[frame.Function]
			if n == nil {
				n = &callNode{}
				nodes[frame.Function] = n
			}
			if n.last != stack {
				n.last, n.sum = stack, n.sum+value
			}
			if i == len(frames)-1 {
				n.flat += value
			}
			if i == 0 {
				continue
			}
			key := edge{frames[i-1].Function, frame.Function}
			e := edges[key]
			if e == nil {
				e = &callEdge{}
				edges[key] = e
			}
			if e.last != stack {
				e.last, e.sum = stack, e.sum+value
			}
		}
	}
	return nodes, edges, total, whole
}

// fill is a colour: the stronger the more was measured in the function itself,
// blue for what is below zero.
func fill(sum, share float64) string {
	pale := 246 - int(150*share)
	if sum < 0 {
		return fmt.Sprintf(`"#%02x%02xff"`, pale, pale)
	}
	return fmt.Sprintf(`"#ff%02x%02x"`, pale, pale)
}

const maxDrawn = 120 // characters of a name

func shorten(name string) string {
	if r := []rune(name); len(r) > maxDrawn {
		return string(r[:maxDrawn]) + "…"
	}
	return name
}

// quote makes a text a string of the language, in which a backslash begins an
// escape.
func quote(text string) string {
	text = strings.Map(func(r rune) rune {
		if r != '\n' && r < ' ' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}
