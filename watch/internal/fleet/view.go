package fleet

import (
	"time"

	"github.com/go-holmes/holmes/detect"

	"github.com/go-holmes/holmes/watch/internal/judge"
)

// A View is the state of one target for a reader.
type View struct {
	Job, Service, Instance, Version, Key string

	State  string // "up", "down" or "unknown"
	Reason string // why it is not up
	Tried  time.Time
	Read   time.Time // of the last reading that did not fail
	Next   time.Time // of the next reading, at the earliest

	Signals []judge.View
}

// View returns the state of the target.
func (w *watcher) View() View {
	t := w.source.Target
	w.mu.Lock()
	out := w.last
	w.mu.Unlock()
	out.Job, out.Service, out.Instance, out.Version, out.Key = t.Job.Name, t.Service(), t.Instance(), t.Version(), t.Key()
	if !out.Tried.IsZero() {
		out.Next = out.Tried.Add(time.Duration(t.Job.ScrapeInterval))
	}
	return out
}

// publish keeps the state after a reading for views.
func (w *watcher) publish(now time.Duration, at time.Time) {
	signals := w.judge.Views(now)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = View{State: "up", Tried: at, Read: at, Signals: signals}
}

// Suspected reports whether an event of a signal is suspected.
func (v *View) Suspected() bool {
	for _, s := range v.Signals {
		if s.State == detect.StateSuspected {
			return true
		}
	}
	return false
}
