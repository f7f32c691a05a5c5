package flame_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/collector/flame"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stack is one whose calls are separated by semicolons.
func stack(calls string, value, base int64) flame.Stack {
	s := flame.Stack{Value: float64(value), Base: float64(base)}
	for call := range strings.SplitSeq(calls, ";") {
		s.Frames = append(s.Frames, flame.Frame{Function: call})
	}
	return s
}

func draw(t *testing.T, stacks iter.Seq[flame.Stack], o flame.Options) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, flame.New(stacks, o).WriteSVG(&b))
	wellFormed(t, b.String())
	return b.String()
}

// wellFormed checks that it is XML with nothing from outside.
func wellFormed(t *testing.T, svg string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok {
			require.Contains(t, []string{"svg", "style", "script", "g", "rect", "text", "title"}, e.Name.Local)
			for _, a := range e.Attr {
				require.False(t, strings.HasPrefix(a.Name.Local, "on"), a.Name.Local)
				require.NotContains(t, []string{"href", "src", "style"}, a.Name.Local)
			}
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "go test -update writes %s", path)
}

// shop is a small service.
func shop() []flame.Stack {
	return []flame.Stack{
		stack("main.main;net/http.(*conn).serve;shop.test/cart.(*Cart).Checkout;shop.test/cart.applyCoupons;strings.Index", 61e8, 9e8),
		stack("main.main;net/http.(*conn).serve;shop.test/cart.(*Cart).Checkout;shop.test/cart.applyCoupons", 22e8, 3e8),
		stack("main.main;net/http.(*conn).serve;shop.test/cart.(*Cart).Checkout;go.example/json.Marshal[...]", 7e8, 7e8),
		stack("main.main;net/http.(*conn).serve;shop.test/cart.search;slices.Sort", 5e8, 11e8),
		stack("runtime.gcBgMarkWorker;runtime.scanobject", 4e8, 4e8),
		stack("main.report", 0, 3e8),
	}
}

func TestGoldens(t *testing.T) {
	for name, o := range map[string]flame.Options{
		"plain.svg":  {Title: "shop, CPU", Unit: "nanoseconds", Module: "shop.test"},
		"diff.svg":   {Title: "shop, CPU", Unit: "nanoseconds", Diff: true},
		"search.svg": {Unit: "nanoseconds", Module: "shop.test", Search: "CART.", Inline: true},
		"focus.svg":  {Unit: "nanoseconds", Module: "shop.test", Focus: "shop.test/cart.applyCoupons", Inline: true},
		"script.svg": {Title: "shop, CPU", Unit: "nanoseconds", Module: "shop.test", Script: true},
	} {
		svg := draw(t, slices.Values(shop()), o)
		require.Equal(t, svg, draw(t, slices.Values(shop()), o)) // always the same
		svg = strings.Replace(strings.Replace(svg, flame.CSS, "(flame.css)", 1), flame.JS, "(flame.js)\n", 1)
		golden(t, name, svg)
	}
}

// The order of stacks makes no difference: they are the same values.
func TestOrder(t *testing.T) {
	stacks := shop()
	want := draw(t, slices.Values(stacks), flame.Options{Diff: true})
	for range 20 {
		rand.Shuffle(len(stacks), func(i, j int) { stacks[i], stacks[j] = stacks[j], stacks[i] })
		require.Equal(t, want, draw(t, slices.Values(stacks), flame.Options{Diff: true}))
	}
}

// Names are text, whatever they hold.
func TestNamesAreText(t *testing.T) {
	for _, name := range []string{
		"<script>alert(1)</script>", "]]><script>alert(1)</script>", `"><svg onload=alert(1)>`, "a\x00b\x1b[31m\nc",
		"&lt;script&gt;", "</title></g></svg><script>", "\xff\xfe\xfd", "\u202egnp.exe", "]]&gt;", strings.Repeat("<", 10_000),
	} {
		for _, o := range []flame.Options{{Script: true}, {Inline: true}, {Diff: true}, {Title: name, Search: name}, {Focus: name}} {
			svg := draw(t, slices.Values([]flame.Stack{stack("main.main", 10, 0), {Frames: []flame.Frame{{Function: name}}, Value: 90}}), o)
			require.LessOrEqual(t, strings.Count(svg, "<script"), 1, "%q", name)
			require.NotContains(t, svg, "<script>alert")
			require.NotContains(t, svg, "onload=alert(1)>")
			require.Less(t, len(svg), 30_000)
			require.NotContains(t, svg, "\u202e")
		}
	}
	require.Contains(t, draw(t, slices.Values([]flame.Stack{stack("<script>alert(1)</script>", 1, 0)}), flame.Options{}),
		"&lt;script&gt;alert(1)&lt;/script&gt;")
}

func TestEmpty(t *testing.T) {
	for _, stacks := range [][]flame.Stack{nil, {stack("main.main", 0, 0)}, {{Value: 5}}} {
		for _, diff := range []bool{false, true} {
			svg := draw(t, slices.Values(stacks), flame.Options{Diff: diff, Search: "x"})
			require.Contains(t, svg, "nothing was measured")
			require.NotContains(t, svg, "NaN")
		}
	}
	svg := draw(t, slices.Values(shop()), flame.Options{Focus: "main.nobody"})
	require.Contains(t, svg, "nothing was measured in main.nobody")
}

// Values below zero, as of what was freed, are drawn with their sign. Shares are of
// the sum of magnitudes.
func TestNegative(t *testing.T) {
	stacks := []flame.Stack{stack("main.main;main.grew", 10, 0), stack("main.main;main.freed", -30, 0)}
	svg := draw(t, slices.Values(stacks), flame.Options{Title: "inuse_space", Of: "one difference"})
	require.Contains(t, svg, "inuse_space: -20 in all, one difference</text>")
	require.Contains(t, svg, `<g class="r5"><title>main.grew`+"\n10, 25 %")
	require.Contains(t, svg, `<g class="b5"><title>main.freed`+"\n-30, -75 %</title><rect x=\"0\" y=\"80\" width=\"900\"")
	require.Contains(t, svg, "main.main\n-20, -50 %")
	require.Contains(t, svg, "below zero")

	table := flame.Top(slices.Values(stacks), flame.Options{})
	require.Equal(t, "main.freed", table.Rows[0].Function, "by magnitude")
	require.InDelta(t, -0.75, table.Share(table.Rows[0].Flat), 1e-9)
	require.InDelta(t, -20, table.Total, 0)

	diff := draw(t, slices.Values([]flame.Stack{stack("main.a", -10, 0), stack("main.a", 0, 5)}), flame.Options{Diff: true})
	require.Contains(t, diff, "5 before, -10 after: -15, -300 %")
}

// Scales are for all values, those of either side.
func TestScale(t *testing.T) {
	o := flame.Options{Diff: true, Scale: 0.5, BaseScale: 2, Note: "2 profiles left out"}
	svg := draw(t, slices.Values([]flame.Stack{stack("main.a", 10, 0), stack("main.a", 0, 5)}), o)
	require.Contains(t, svg, "10 before, 5 after: -5, -50 %")
	require.Contains(t, svg, "1 boxes; 2 profiles left out")
	table := flame.Top(slices.Values([]flame.Stack{stack("main.a", 10, 5)}), o)
	require.Equal(t, []flame.Row{{Function: "main.a", Origin: flame.Own, Flat: 5, Cum: 5, FlatBase: 10, CumBase: 10}}, table.Rows)
}

func TestHugeValues(t *testing.T) {
	svg := draw(t, slices.Values([]flame.Stack{
		stack("main.a", math.MaxInt64, math.MaxInt64), stack("main.b", math.MaxInt64, 1), stack("main.a;main.c", math.MaxInt64, 0),
	}), flame.Options{Unit: "bytes", Diff: true})
	require.NotContains(t, svg, "NaN")
	require.NotContains(t, svg, "Inf")
	require.NotContains(t, svg, `="-`)
	require.Contains(t, svg, "8388608 TiB → 16777216 TiB")
}

// A recursion of any depth is drawn to some depth, and says so.
func TestDeepRecursion(t *testing.T) {
	deep := flame.Stack{Value: 1}
	for range 200_000 {
		deep.Frames = append(deep.Frames, flame.Frame{Function: "main.again"})
	}
	svg := draw(t, slices.Values([]flame.Stack{deep, deep}), flame.Options{})
	require.Contains(t, svg, "2, 100 %; deeper calls are not drawn")
	require.Equal(t, 301, strings.Count(svg, "<title>"))
	require.Contains(t, svg, "300 boxes")
}

// wide yields many different stacks.
func wide(n, depth int) iter.Seq[flame.Stack] {
	return func(yield func(flame.Stack) bool) {
		random := rand.New(rand.NewPCG(1, 2))
		for range n {
			s := flame.Stack{Value: 1 + float64(random.Int64N(1000)), Base: float64(random.Int64N(1000))}
			for d := range depth {
				s.Frames = append(s.Frames, flame.Frame{Function: fmt.Sprintf("example.com/%s.f%d", strings.Repeat("<&>", 100), random.IntN(2+d*d))})
			}
			if !yield(s) {
				return
			}
		}
	}
}

// even yields stacks of the same weight, whose boxes are all wide enough.
func even(n, depth int) iter.Seq[flame.Stack] {
	return func(yield func(flame.Stack) bool) {
		for i := range n {
			s := flame.Stack{Value: 1, Base: 1}
			for d := range depth {
				s.Frames = append(s.Frames, flame.Frame{Function: fmt.Sprintf("example.com/%s.f%d.%d", strings.Repeat("<&>", 100), i, d)})
			}
			if !yield(s) {
				return
			}
		}
	}
}

// However large a profile is, its picture is bounded, and the boxes hang
// together: each lies within its parent.
func TestBounds(t *testing.T) {
	for _, stacks := range []iter.Seq[flame.Stack]{wide(testkit.Heavy(8000, 2000), 30), even(testkit.Heavy(1000, 300), 30)} {
		for _, o := range []flame.Options{{}, {Diff: true, Script: true}, {Boxes: 100}, {Boxes: 1 << 30, Depth: 1 << 30}} {
			g := flame.New(stacks, o)
			var b bytes.Buffer
			require.NoError(t, g.WriteSVG(&b))
			require.LessOrEqual(t, b.Len(), 3<<20)
			most := 5000
			if o.Boxes == 100 {
				most = 100
			}
			require.LessOrEqual(t, g.Boxes(), most)
			require.Contains(t, b.String(), "the others are too narrow")
			hangTogether(t, b.String())
		}
	}
}

type rect struct{ x, y, w float64 }

func hangTogether(t *testing.T, svg string) {
	t.Helper()
	byRow := map[float64][]rect{}
	_, svg, _ = strings.Cut(svg, `<g class="boxes">`)
	for part := range strings.SplitSeq(svg, "<rect ") {
		var r rect
		if n, _ := fmt.Sscanf(part, "x=%q y=%q width=%q", (*quoted)(&r.x), (*quoted)(&r.y), (*quoted)(&r.w)); n == 3 {
			byRow[r.y] = append(byRow[r.y], r)
		}
	}
	require.Greater(t, len(byRow), 2)
	for y, rects := range byRow {
		slices.SortFunc(rects, func(a, b rect) int { return int(math.Copysign(1, a.x-b.x)) })
		for i, r := range rects {
			require.Positive(t, r.w)
			require.LessOrEqual(t, r.x+r.w, 1200.02)
			if i > 0 {
				require.GreaterOrEqual(t, r.x, rects[i-1].x+rects[i-1].w-0.02, "boxes of a row overlap")
			}
			if y > 46 {
				require.True(t, slices.ContainsFunc(byRow[y-17], func(p rect) bool {
					return p.x <= r.x+0.02 && r.x+r.w <= p.x+p.w+0.02
				}), "a box without a parent")
			}
		}
	}
}

// quoted scans a number in quotes.
type quoted float64

func (q *quoted) Scan(s fmt.ScanState, _ rune) error {
	raw, err := s.Token(true, func(r rune) bool { return r != ' ' && r != '/' })
	if err != nil {
		return err
	}
	v, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	*q = quoted(v)
	return err
}

// failing is a writer that takes some bytes and no more.
type failing int

func (f *failing) Write(p []byte) (int, error) {
	if *f -= failing(len(p)); *f < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestWriterFails(t *testing.T) {
	g := flame.New(slices.Values(shop()), flame.Options{})
	for room := failing(0); room < 4000; room += 999 {
		left := room
		require.ErrorIs(t, g.WriteSVG(&left), io.ErrShortWrite)
	}
}

func FuzzSVG(f *testing.F) {
	f.Add("main.a;main.b", "main.a;<b>", int64(1), int64(-1), "x", true)
	f.Add("", ";;;", int64(math.MaxInt64), int64(0), "\xff", false)
	f.Fuzz(func(t *testing.T, a, b string, v, w int64, text string, diff bool) {
		stacks := []flame.Stack{stack(a, v, w), stack(b, w, v)}
		draw(t, slices.Values(stacks), flame.Options{Title: text, Unit: text, Diff: diff, Search: text, Focus: "main.a", Script: true})
		flame.Top(slices.Values(stacks), flame.Options{Diff: diff})
	})
}

// Calls that are too narrow share one box, so that a function does not seem to
// have done their work.
func TestTheRestIsSeen(t *testing.T) {
	stacks := []flame.Stack{stack("main.main;main.large", 600, 0), stack("main.main", 100, 0)}
	for i := range 3000 {
		stacks = append(stacks, stack(fmt.Sprintf("main.main;main.small%d", i), 1, 0))
	}
	svg := draw(t, slices.Values(stacks), flame.Options{Search: "others"})
	require.Contains(t, svg, "2 of 3 002 boxes; the others are too narrow")
	require.Contains(t, svg, "(others, too narrow to be drawn)\n3 000, 81 %</title><rect x=\"194.59\" y=\"80\" width=\"972.97\"")
	require.NotContains(t, svg, "hit\"")
}

func TestLabels(t *testing.T) {
	svg := draw(t, slices.Values([]flame.Stack{stack("example.com/a.main;example.com/somewhere.short", 6, 0), stack("example.com/a.main", 94, 0)}), flame.Options{})
	require.Contains(t, svg, ">short</text>") // of somewhere.short
}
