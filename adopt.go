package holmes

import (
	"errors"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/eventstore"
)

// complete brings to an end what a process had begun that was killed: an event
// without a verdict is unconfirmed, and reported as that.
func (r *run) complete(s *dump.Store, id string, outlets []*outlet) {
	files, err := eventstore.Reopen(s, id)
	if errors.Is(err, dump.ErrOpen) {
		return
	}
	if err != nil {
		r.h.store.Report("take over an event that another process left", err)
		return
	}
	ev, err := event.Recover(files.Dir())
	r.h.store.Report("read an event that another process left", err)
	if ev.State == StateDismissed || ev.Trigger.Sample.Signal == event.SignalBaseline {
		r.h.store.Report("close an event that another process left", files.Dismiss())
		return
	}
	err = files.Complete(ev)
	r.h.store.Report("complete an event that another process left", err) // as far as it came, it is delivered
	wanted := false
	for _, o := range outlets {
		waits, err := s.Waits(id, o.name)
		wanted = wanted || waits || err != nil
	}
	if !wanted {
		r.h.store.Report("leave an event to others", s.Disown(id))
		return
	}
	r.enqueue(&parcel{id: id, store: s, since: r.Clock.Mono()}, outlets)
}
