package diagnose

import (
	"slices"
	"strings"
)

// Kinsfolk are the types, files and packages of the functions that goroutines
// wait for a lock in: who takes a lock is seldom far from who else does.
type kinsfolk struct {
	types, files, packages []string
}

func (q *inquest) kinsfolk(w *queue) (k kinsfolk) {
	v := q.view(q.Event.Goroutine)
	seen := counts{}
	v.goroutines(func(r *reading, s sample, n float64) {
		if r.origin != originOwn || !w.includes(r) {
			return
		}
		on := v.own(s)
		if w.lock {
			on = on[:1] // who takes it; a pool is asked by way of a function of its own
		}
		for _, id := range on[:min(len(on), 2)] {
			if seen[id] += n; seen[id] == n {
				k.add(q.people.all[id].symbol)
			}
		}
		if _, file := v.Function(r.call.Function); !slices.Contains(k.files, file) {
			k.files = append(k.files, file)
		}
	})
	return k
}

func (k *kinsfolk) add(symbol string) {
	if t := receiverOf(symbol); t != "" {
		k.types = append(k.types, t)
	}
	k.packages = append(k.packages, packageOf(symbol))
}

// to says how near a candidate is.
func (k *kinsfolk) to(b *people, c *candidate) float64 {
	symbol := b.all[c.who].symbol
	pkg := packageOf(symbol)
	near := slices.Contains(k.packages, pkg)
	switch {
	case slices.Contains(k.types, receiverOf(symbol)):
		return 3
	case slices.Contains(k.files, c.at.file):
		return 2.5
	case near && pkg != "main":
		return 2
	case near:
		return 0.5
	default:
		return 0
	}
}

// receiverOf is the type of a method with its package, main.store for
// main.(*store).get and main.store.get, and "" for a function. Of a closure it
// is that of the method that it is in.
func receiverOf(symbol string) string {
	pkg := symbol[strings.LastIndexByte(symbol, '/')+1:]
	pkg, rest, ok := strings.Cut(pkg, ".")
	if !ok {
		return ""
	}
	if outer := enclosing(symbol); outer != "" {
		return receiverOf(outer)
	}
	rest = strings.ReplaceAll(rest, "[...]", "")
	typ, _, method := strings.Cut(rest, ".")
	if !method {
		return ""
	}
	return symbol[:strings.LastIndexByte(symbol, '/')+1] + pkg + "." + strings.Trim(typ, "(*)")
}
