package diagnose

import "github.com/go-holmes/holmes/internal/pprofread"

// A sample is one record of a profile.
type sample = pprofread.Sample

// A reading is what a stack shows.
type reading struct {
	call   pprofread.Call // that is blamed
	fn     function       // that is blamed, or none
	via    function       // the third party's function that it called
	site   function       // where a goroutine waits: the caller of the runtime
	origin origin         // of fn; stacks of originHolmes are left out
	state  state
	gc     bool // collects garbage
	client bool // in a request of the HTTP client
	conn   bool // serves a connection of the HTTP client
}

// read blames a stack on its leaf-most frame of the application's own code,
// else on that of a third party, else on the function that its goroutine
// started in. A closure counts as the function that it is written in, if that
// function calls it, directly or not.
func (v *view) read(s sample) reading {
	r := reading{}
	parked := false
	var entry reading // of the standard library
	for _, c := range v.calls(s) {
		id := v.ids[c.Function]
		p := &v.functions.all[id]
		if r.origin == originOwn {
			if id == v.functions.all[r.fn].outer {
				r.fn = id
				break
			}
			continue
		}
		switch p.origin {
		case originHolmes:
			return reading{origin: originHolmes}
		case originOwn:
			r.call, r.fn, r.origin = c, id, originOwn
			if r.site == none {
				r.site = id
			}
			if p.outer == none {
				return r.settled(parked)
			}
			continue
		case originForeign:
			if r.via == none {
				r.call, r.via = c, id
			}
		case originStd:
			entry.call, entry.fn = c, id
		}
		parked = parked || p.mark == markPark
		r.see(p.mark)
		if r.site == none && p.origin != originNone && p.mark < markStates {
			r.site = id
		}
	}
	switch {
	case r.origin == originOwn:
	case r.via != none:
		r.fn, r.via, r.origin = r.via, none, originForeign
	case entry.fn != none:
		r.fn, r.call, r.origin = entry.fn, entry.call, originStd
	}
	return r.settled(parked)
}

// see applies the mark of a frame below the blamed one. The leaf-most state counts:
// waiting for a lock within a read is waiting for a lock.
func (r *reading) see(m mark) {
	switch {
	case m == markGC:
		r.gc = true
	case m == markClient:
		r.client = true
	case m == markConn:
		r.conn = true
	case m > markStates && r.state == stateRunning:
		r.state = state(m - markStates)
	}
}

// settled distinguishes a lock that is waited for from one that was acquired.
func (r *reading) settled(parked bool) reading {
	switch {
	case parked && (r.state == stateRunning || r.state == stateSyscall):
		r.state = stateParked
	case !parked && r.state != stateSyscall:
		r.state = stateRunning
	}
	return *r
}
