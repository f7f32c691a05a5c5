package diagnose

import (
	"slices"
	"strings"
)

// relatedNames are the types, files and packages of the functions that goroutines
// wait in. The functions that take one lock are seldom far apart.
type relatedNames struct {
	types, files, packages []string
}

func (a *analysis) relatedNames(w *queue) (names relatedNames) {
	v := a.view(a.Event.Goroutine)
	seen := counts{}
	v.goroutines(func(r *reading, s sample, n float64) {
		if r.origin != originOwn || !w.includes(r) {
			return
		}
		on := v.own(s)
		if w.lock {
			on = on[:1] // the function that takes it; a pool has a function of its own for that
		}
		for _, id := range on[:min(len(on), 2)] {
			if seen[id] += n; seen[id] == n {
				names.add(a.functions.all[id].symbol)
			}
		}
		if _, file := v.Function(r.call.Function); !slices.Contains(names.files, file) {
			names.files = append(names.files, file)
		}
	})
	return names
}

func (names *relatedNames) add(symbol string) {
	if t := receiverOf(symbol); t != "" {
		names.types = append(names.types, t)
	}
	names.packages = append(names.packages, packageOf(symbol))
}

// nearness says how near a candidate is to the names.
func (names *relatedNames) nearness(fs *functions, c *candidate) float64 {
	symbol := fs.all[c.fn].symbol
	pkg := packageOf(symbol)
	near := slices.Contains(names.packages, pkg)
	switch {
	case slices.Contains(names.types, receiverOf(symbol)):
		return 3
	case slices.Contains(names.files, c.at.file):
		return 2.5
	case near && pkg != "main":
		return 2
	case near:
		return 0.5
	default:
		return 0
	}
}

// receiverOf returns the type of a method with its package, main.store for
// main.(*store).get and main.store.get, and "" for a function. The
// type of a closure is that of its method.
func receiverOf(symbol string) string {
	pkg := symbol[strings.LastIndexByte(symbol, '/')+1:]
	pkg, rest, ok := strings.Cut(pkg, ".")
	if !ok {
		return ""
	}
	if outer := enclosing(symbol); outer != "" {
		return receiverOf(outer)
	}
	rest = noTypes.Replace(rest)
	typ, _, method := strings.Cut(rest, ".")
	if !method {
		return ""
	}
	return symbol[:strings.LastIndexByte(symbol, '/')+1] + pkg + "." + strings.Trim(typ, "(*)")
}
