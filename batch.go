package holmes

import "context"

// mostInBatch is how many events are reported at once at most.
const mostInBatch = 50

// batch returns what is to be reported at once: nothing unless several events
// wait that have not been tried yet and the receiver is well.
func (o *outlet) batch() (out []*item) {
	if _, ok := o.reporter.(BatchReporter); !ok {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failures > 0 {
		return nil
	}
	for _, it := range o.queue {
		if !it.single && len(out) < mostInBatch {
			out = append(out, it)
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// deliverBatch tries several events at once. Whatever cannot be settled that way
// is left to be tried by itself.
func (r *run) deliverBatch(t *tour, batch []*item) {
	o := t.outlet
	leave, err := t.enter()
	if err != nil {
		return
	}
	defer leave()
	loaded, events, release := load(batch, o.name)
	defer release()
	defer o.separate(batch) // those that are left after this
	if len(events) < 2 {
		return
	}
	err = r.call(t, func(ctx context.Context) error {
		b, _ := o.reporter.(BatchReporter)
		return b.ReportBatch(ctx, events)
	})
	if err != nil {
		r.Log.OnCause("batch "+o.name, "reporter %s failed with %d events at once, they are tried one by one: %v", o.name, len(events), err)
		return
	}
	o.succeeded(nil)
	for _, it := range loaded {
		r.mark(o, it.delivered(o.name))
		o.settle(it, "")
	}
}

// load loads what can be. What cannot tells why when it is tried by itself.
func load(batch []*item, to string) (loaded []*item, events []*Event, release func()) {
	var taken []func()
	for _, it := range batch {
		if ev, done, err := it.load(to); err == nil {
			loaded, events, taken = append(loaded, it), append(events, ev), append(taken, done)
		}
	}
	return loaded, events, func() {
		for _, done := range taken {
			done()
		}
	}
}

// separate has items tried one by one from now on.
func (o *outlet) separate(batch []*item) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, it := range batch {
		it.single = true
	}
}
