package flame

import (
	"bufio"
	_ "embed" // style and script
	"fmt"
	"io"
	"strconv"
)

// CSS is the style of pictures, and JS the script that zooms and searches, for
// pages that draw pictures with [Options].Inline. JS also knows the field and the
// button with the attributes data-flame-search and data-flame-reset.
var (
	//go:embed flame.css
	CSS string
	//go:embed flame.js
	JS string
)

// WriteSVG writes the picture.
func (g *Graph) WriteSVG(w io.Writer) error {
	b := bufio.NewWriter(w)
	height := header + float64(g.rows+1)*row + footer
	size := ""
	if !g.options.Inline {
		size = fmt.Sprintf(` width="%.0f" height="%.0f"`, width, height)
	}
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" class="flame" role="img" viewBox="0 0 %.0f %.0f"%s aria-label="%s">`+"\n",
		width, height, size, escape(g.label(), 300))
	if !g.options.Inline {
		fmt.Fprintf(b, "<style>%s</style>\n<rect class=\"back\" width=\"%.0f\" height=\"%.0f\"/>\n", CSS, width, height)
	}
	fmt.Fprintf(b, "<text class=\"title\" x=\"4\" y=\"17\">%s</text>\n", escape(g.title(), 300))
	g.writeLegend(b)
	g.writeBoxes(b)
	fmt.Fprintf(b, "<text class=\"note\" x=\"4\" y=\"%.0f\">%s</text>\n", height-8, escape(g.note(), 300))
	if g.options.Script && !g.options.Inline {
		fmt.Fprintf(b, "<script>%s</script>\n", cdata(JS))
	}
	b.WriteString("</svg>\n")
	return b.Flush()
}

// cdata keeps a script's text from being read as XML.
func cdata(text string) string { return "<![CDATA[\n" + text + "]]>" }

// label is the text of the picture for screen readers.
func (g *Graph) label() string {
	return "Flame graph. " + g.title() + ". " + g.note()
}

func (g *Graph) title() string {
	root := &g.boxes[0]
	text := Format(root.value, g.options.Unit) + " in all"
	if g.options.Diff {
		text = fmt.Sprintf("%s before, %s after: %s", Format(root.base, g.options.Unit), Format(root.value, g.options.Unit),
			Change(root.value, root.base, g.options.Unit))
	}
	if g.options.Of != "" {
		text += ", " + g.options.Of
	}
	if g.options.Title != "" {
		text = g.options.Title + ": " + text
	}
	return text
}

// note says what the picture leaves out.
func (g *Graph) note() string {
	drawn := g.Boxes()
	var text string
	switch {
	case drawn == 0 && g.options.Focus != "":
		text = "nothing was measured in " + g.options.Focus
	case drawn == 0:
		text = "nothing was measured"
	case drawn < g.nodes:
		text = fmt.Sprintf("%s of %s boxes; the others are too narrow", grouped(float64(drawn)), grouped(float64(g.nodes)))
	default:
		text = grouped(float64(drawn)) + " boxes"
	}
	if g.options.Note != "" {
		text += "; " + g.options.Note
	}
	if g.options.Search != "" {
		text += fmt.Sprintf("; %q is in %s", g.options.Search, Percent(ratio(g.found, g.boxes[0].weight())))
	}
	return text
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// legends are the classes that a legend explains, and in what words.
func (g *Graph) legends() [][2]string {
	if g.options.Diff {
		return [][2]string{{"b5", "gone"}, {"b2", "less"}, {"n", "the same"}, {"r2", "more"}, {"r5", "new"}}
	}
	if g.signed {
		return [][2]string{{"b5", "below zero"}, {"n", "both"}, {"r5", "above zero"}}
	}
	return [][2]string{{"o0", "own code"}, {"s0", "standard library"}, {"t0", "third party"}}
}

func (g *Graph) writeLegend(b *bufio.Writer) {
	x := 4.0
	for _, l := range g.legends() {
		fmt.Fprintf(b, `<g class="%s"><rect x="%.0f" y="27" width="12" height="12"/></g><text class="note" x="%.0f" y="37">%s</text>`+"\n",
			l[0], x, x+17, l[1])
		x += 34 + float64(len(l[1]))*letter
	}
}

func (g *Graph) writeBoxes(b *bufio.Writer) {
	b.WriteString("<g class=\"boxes\">\n")
	for i := range g.boxes {
		g.writeBox(b, &g.boxes[i])
	}
	b.WriteString("</g>\n")
}

func (g *Graph) writeBox(b *bufio.Writer, box *box) {
	class := box.class
	if box.hit {
		class += " hit"
	}
	if box.w < thin {
		class += " thin"
	}
	y := header + float64(box.depth)*row
	fmt.Fprintf(b, `<g class="%s"><title>%s`+"\n%s</title>", class, escape(box.name, maxName), escape(g.figures(box), maxName))
	fmt.Fprintf(b, `<rect x="%s" y="%s" width="%s" height="16"/>`, number(box.x), number(y), number(box.w))
	if text := label(box.name, box.w); text != "" {
		fmt.Fprintf(b, `<text x="%s" y="%s">%s</text>`, number(box.x+boxInset), number(y+12), escape(text, maxName))
	}
	b.WriteString("</g>\n")
}

// thin is what is too narrow for a line around it.
const thin = 3

// figures are a box in numbers.
func (g *Graph) figures(box *box) string {
	unit, total := g.options.Unit, box.total
	text := fmt.Sprintf("%s, %s", Format(box.value, unit), Percent(ratio(box.value, total)))
	if g.options.Diff {
		text = fmt.Sprintf("%s → %s: %s", Format(box.base, unit), Format(box.value, unit), Change(box.value, box.base, unit))
	}
	if box.cut {
		text += "; deeper calls are not drawn"
	}
	return text
}

// number is a coordinate, to a hundredth.
func number(v float64) string {
	text := strconv.FormatFloat(v, 'f', 2, 64)
	for text[len(text)-1] == '0' {
		text = text[:len(text)-1]
	}
	if text[len(text)-1] == '.' {
		text = text[:len(text)-1]
	}
	return text
}
