package diagnose

import "strings"

// Sharing says whether a function that goroutines wait in hands out a resource that
// others may hold.
type sharing int

const (
	notShared sharing = iota
	maybeShared
	shared
)

// sharing decides by the goroutines that wait there: a function that several others
// call, or a well-known one, hands out a resource; a function that its goroutines
// were started with does not.
func (a *analysis) sharing(waiting *diff, site function) sharing {
	p := a.functions.all[site]
	if p.origin != originOwn {
		name := strings.ToLower(p.symbol)
		if strings.Contains(name, "acquire") || strings.Contains(name, "pool") || p.symbol == "database/sql.(*DB).conn" {
			return shared
		}
		return notShared
	}
	callers := newTally()
	v, requests := waiting.view, 0.0
	v.each(waiting.with, func(r *reading, s sample, w weight) {
		if r.site != site || !r.state.waits() {
			return
		}
		if caller, _, ok := v.above(s, []function{site}); ok {
			callers.add(caller, w)
		}
		if v.functions.all[v.root(s)].origin == originStd {
			requests += w.value
		}
	})
	several, one := 0, false
	for id, w := range callers.of {
		if id > none && w.value >= callers.total.value/10 {
			several++
		}
		one = one || id > none && w.value > callers.total.value/2
	}
	switch {
	case several > 1:
		return shared
	case one && requests > callers.total.value/2:
		return maybeShared
	default:
		return notShared
	}
}

// root is the function that a goroutine was started with, or none. A profile leaves
// runtime.goexit out.
func (v *view) root(s sample) function {
	calls := v.calls(s)
	if len(calls) == 0 {
		return none
	}
	return v.ids[calls[len(calls)-1].Function]
}
