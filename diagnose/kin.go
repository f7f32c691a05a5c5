package diagnose

import "strings"

// Kinsfolk are the types, files and packages of the functions that goroutines
// wait for a lock in: who takes a lock is seldom far from who else does.
type kinsfolk struct {
	types, files, packages map[string]bool
}

func (q *inquest) kinsfolk(w queue) kinsfolk {
	k := kinsfolk{types: map[string]bool{}, files: map[string]bool{}, packages: map[string]bool{}}
	for id := range w.in {
		symbol := q.people.all[id].symbol
		if t := receiverOf(symbol); t != "" {
			k.types[t] = true
		}
		k.packages[packageOf(symbol)] = true
	}
	v := q.view(q.Event.Goroutine)
	v.each(v.scale("goroutine"), func(i int, _ sample, _ weight) {
		if r := &v.readings[i]; w.in[r.who] && r.origin == originOwn {
			_, file := v.Function(r.call.Function)
			k.files[file] = true
		}
	})
	return k
}

// to says how near a candidate is.
func (k kinsfolk) to(b *people, c *candidate) float64 {
	symbol := b.all[c.who].symbol
	pkg := packageOf(symbol)
	switch {
	case k.types[receiverOf(symbol)]:
		return 3
	case k.files[c.at.file]:
		return 2.5
	case k.packages[pkg] && pkg != "main":
		return 2
	case k.packages[pkg]:
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
