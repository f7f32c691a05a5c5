package holmes

import (
	"errors"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/event"
)

// complete brings to an end what a process had begun that was killed: an event
// without a verdict is unconfirmed, and reported as that.
func (r *run) complete(s *dump.Store, id string, outlets []*outlet) {
	entry, err := s.Reopen(id)
	if errors.Is(err, dump.ErrOpen) {
		return
	}
	if err != nil {
		r.onDisk("take over an event that another process left", err)
		return
	}
	ev, err := event.Recover(entry.Path())
	r.onDisk("read an event that another process left", err)
	files := evidence{store: s, entry: entry, stale: true}
	if ev.State == StateDismissed || ev.Trigger.Sample.Signal == event.SignalBaseline {
		r.onDisk("close an event that another process left", files.close(true))
		return
	}
	err = errors.Join(files.describe(ev), files.replace(event.SummaryFile, ev.Summary()), entry.Close(classOf(ev)))
	r.onDisk("complete an event that another process left", err) // as far as it came, it is delivered
	wanted := false
	for _, o := range outlets {
		waits, err := s.Waits(id, o.name)
		wanted = wanted || waits || err != nil
	}
	if !wanted {
		r.onDisk("leave an event to others", s.Disown(id))
		return
	}
	r.enqueue(&parcel{id: id, store: s, since: r.Clock.Mono()}, outlets)
}
