package flame

import (
	"hash/fnv"
	"math"
	"strconv"
	"strings"
)

// shades is how many shades each kind of code has, so that packages side by
// side can be told apart.
const shades = 4

// An Origin is the origin of a function's code.
type Origin string

// The origins. They are the letters of the classes in flame.css.
const (
	Own     Origin = "o"
	Std     Origin = "s" // the standard library and the runtime
	Third   Origin = "t" // a third party's module
	Unknown Origin = "u" // no Go symbol
)

// OriginOf returns the origin of a function. Module is the reader's own, or empty.
func OriginOf(f Frame, module string) Origin {
	pkg := PackageOf(f.Function)
	first, _, deep := strings.Cut(pkg, "/")
	switch {
	case pkg == "":
		return Unknown
	case pkg == "main", module != "" && under(pkg, module):
		return Own
	case first == "vendor", !strings.Contains(first, ".") && !elsewhere(f.File, pkg):
		return Std
	case strings.Contains(f.File, "@v"), strings.Contains(f.File, "/vendor/"), module != "" && strings.Contains(first, "."):
		return Third
	case f.File == "", deep && (strings.HasPrefix(first, "golang.org") || strings.HasPrefix(first, "google.golang.org")):
		return Third
	default:
		return Own
	}
}

// elsewhere reports whether a file lies where no file of the standard library
// does: those are in src/<package>/, or just there with -trimpath.
func elsewhere(file, pkg string) bool {
	return file != "" && !strings.HasPrefix(file, pkg+"/") && !strings.Contains(file, "/src/"+pkg+"/") &&
		!strings.HasPrefix(file, "_") && !strings.HasPrefix(file, "<")
}

func under(pkg, dir string) bool {
	rest, ok := strings.CutPrefix(pkg, dir)
	return ok && (rest == "" || rest[0] == '/' || rest[0] == '_')
}

// PackageOf returns the package path of a function of a Go symbol table, and ""
// for a name that has none, as those of C and assembly functions.
func PackageOf(function string) string {
	function, _, _ = strings.Cut(function, "[") // type arguments have slashes and dots of their own
	dir := strings.LastIndexByte(function, '/') + 1
	elem, _, qualified := strings.Cut(function[dir:], ".")
	if !qualified || strings.ContainsAny(function, " <>") {
		return ""
	}
	return function[:dir] + strings.ReplaceAll(elem, "%2e", ".")
}

// colour returns the class of a box: its origin, or the direction of its change.
func (g *Graph) colour(b *box, f Frame) string {
	if g.options.Diff || g.signed {
		return changed(b.delta())
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(PackageOf(f.Function)))
	return string(OriginOf(f, g.options.Module)) + strconv.Itoa(int(h.Sum32()%shades))
}

// steps is how many strengths of red and blue there are.
const steps = 5

// changed is the class of a difference, from all gone (-1) to all new (1). A
// change of less than 2 % of both sides is not coloured.
func changed(delta float64) string {
	if math.Abs(delta) < 0.02 {
		return "n"
	}
	step := strconv.Itoa(min(int(math.Abs(delta)*steps)+1, steps))
	if delta > 0 {
		return "r" + step
	}
	return "b" + step
}
