package diagnose

import "strings"

// Whether a function that goroutines wait in hands something out that others
// may hold.
type sharing int

const (
	notShared sharing = iota
	maybeShared
	shared
)

// sharing judges it by who waits there. A goroutine that waits in the function
// that it was started with is nobody's guest; one that waits in a function that
// several others call, or in one that is known for it, is.
func (q *inquest) sharing(waiting *contrast, site who) sharing {
	p := q.people.all[site]
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
		if caller, _, ok := v.above(s, []who{site}); ok {
			callers.add(caller, w)
		}
		if v.people.all[v.root(s)].origin == originStd {
			requests += w.value
		}
	})
	several, one := 0, false
	for id, w := range callers.of {
		if id > nobody && w.value >= callers.total.value/10 {
			several++
		}
		one = one || id > nobody && w.value > callers.total.value/2
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

// root is the function that a goroutine was started with, nobody for none. The
// runtime's own runtime.goexit is not in a profile.
func (v *view) root(s sample) who {
	calls := v.calls(s)
	if len(calls) == 0 {
		return nobody
	}
	return v.who[calls[len(calls)-1].Function]
}
