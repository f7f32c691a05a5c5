package diagnose

import "github.com/go-holmes/holmes/internal/pprofread"

// A sample is one record of a profile.
type sample = pprofread.Sample

// A reading is what a stack tells.
type reading struct {
	call   pprofread.Call // that is blamed
	who    who            // made it; nobody if no one can be blamed
	via    who            // a third party's function that it called to do it
	site   who            // where a goroutine waits: who called the runtime
	origin origin         // of who; of originHolmes is left out
	state  state
	gc     bool // collects garbage
	client bool // in a request of the HTTP client
	conn   bool // serves a connection of the HTTP client
}

// read blames a stack on its leaf-most frame of the application's own code,
// else on that of a third party, else on the function that its goroutine
// started in. A closure that is called, through whatever, by the function that
// it is written in counts as that function.
func (v *view) read(s sample) reading {
	r := reading{}
	parked := false
	var entry reading // of the standard library
	for _, c := range v.calls(s) {
		id := v.who[c.Function]
		p := &v.people.all[id]
		if r.origin == originOwn {
			if id == v.people.all[r.who].outer {
				r.who = id
				break
			}
			continue
		}
		switch p.origin {
		case originHolmes:
			return reading{origin: originHolmes}
		case originOwn:
			r.call, r.who, r.origin = c, id, originOwn
			if r.site == nobody {
				r.site = id
			}
			if p.outer == nobody {
				return r.settled(parked)
			}
			continue
		case originForeign:
			if r.via == nobody {
				r.call, r.via = c, id
			}
		case originStd:
			entry.call, entry.who = c, id
		}
		parked = parked || p.mark == markPark
		r.see(p.mark)
		if r.site == nobody && p.origin != originNone && p.mark < markStates {
			r.site = id
		}
	}
	switch {
	case r.origin == originOwn:
	case r.via != nobody:
		r.who, r.via, r.origin = r.via, nobody, originForeign
	case entry.who != nobody:
		r.who, r.call, r.origin = entry.who, entry.call, originStd
	}
	return r.settled(parked)
}

// see takes the mark of a frame below the one that is blamed. Of states the
// leaf-most counts: a lock that is waited for in a read is a lock.
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

// settled knows the difference between a lock that was got and one that is
// waited for.
func (r *reading) settled(parked bool) reading {
	switch {
	case parked && (r.state == stateRunning || r.state == stateSyscall):
		r.state = stateParked
	case !parked && r.state != stateSyscall:
		r.state = stateRunning
	}
	return *r
}
