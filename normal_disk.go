package holmes

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/eventstore"
)

// What is normal lies in the dump path as an event that is never reported, so
// that it is private, whole or absent, and within the budget like all evidence.

const (
	codeBaseline = "baseline"
	buildLabel   = "build" // which program it is of
)

// buildID tells two builds of a program apart: by what they were made of, and by
// their size and time, since what was built from a changed tree says no more.
func buildID() string {
	sum := fnv.New64a()
	if info, ok := debug.ReadBuildInfo(); ok {
		_, _ = io.WriteString(sum, info.String()) // no error, as of all hashes
	}
	if path, err := os.Executable(); err == nil {
		if info, err := os.Stat(path); err == nil {
			_, _ = fmt.Fprint(sum, info.Size(), info.ModTime().UnixNano())
		}
	}
	return fmt.Sprintf("%016x", sum.Sum64())
}

// keepNormal writes it down for the next start, in place of what there was.
func (b *baseliner) keepNormal(n *normal) {
	c := b.h.cfg.Load()
	ev := &Event{
		ID: b.h.ids.Next(n.at, event.SignalBaseline), State: StateDismissed, At: n.at,
		Labels: b.h.labels(c),
		Trigger: Trigger{
			Sample: Sample{Signal: event.SignalBaseline, At: n.at},
			Reason: Reason{Code: codeBaseline, Text: "what is normal, for events to be compared with"},
		},
	}
	ev.Labels[buildLabel] = b.h.build()
	files, err := b.h.store.Create(c.store, ev.ID, nil)
	if err != nil {
		b.h.store.Report("what is normal is not kept for the next start", err)
		return
	}
	err = errors.Join(b.writeNormal(&files, ev, n), files.Dismiss())
	b.h.store.Report("what is normal is not kept whole for the next start", err)
	if b.entry != "" {
		if old, err := files.Store.Reopen(b.entry); err == nil { // else retention was faster
			b.h.store.Report("remove what was normal before", old.Discard())
		}
	}
	b.entry = ev.ID
}

func (r *run) writeNormal(files *eventstore.Files, ev *Event, n *normal) error {
	cpu, err := n.joinedCPU()
	errs := []error{err, files.Describe(ev)} // first, so that nobody takes it for an event
	for _, p := range []struct {
		kind Kind
		piece
		took time.Duration
	}{{KindCPU, cpu, time.Duration(len(n.cpu)) * baselineCPU}, {KindHeap, n.heap, 0}, {KindGoroutine, n.goroutine, 0}} {
		if p.raw == nil {
			continue
		}
		file := p.kind.File()
		errs = append(errs, files.Replace(file, p.raw))
		ev.Profiles = append(ev.Profiles, Profile{Kind: p.kind, File: file, Start: n.at, Duration: p.took})
	}
	return errors.Join(append(errs, files.Describe(ev))...)
}

// recallNormal returns what an earlier run of this build has kept, or nothing.
func (r *run) recallNormal() (n normal) {
	store, err := r.h.store.Open(r.h.cfg.Load().store)
	if err != nil {
		return n // who opened it before has said so
	}
	ids, err := store.List()
	r.h.store.Report("look for what was normal", err)
	build := r.h.build()
	for _, id := range slices.Backward(ids) {
		if !strings.Contains(id, "-"+string(event.SignalBaseline)+"-") {
			continue
		}
		ev, err := event.Load(store.Path(id))
		if err == nil && ev.Labels[buildLabel] == build {
			return normalOf(ev)
		}
	}
	return n
}

// normalOf reads what an event on disk has of it.
func normalOf(ev *Event) (n normal) {
	n.at = ev.At
	read := func(k Kind) (p piece) {
		if found := ev.Profile(k); found != nil {
			p.raw, _ = found.ReadAll(maxPiece) // what is damaged is not compared with
		}
		return p
	}
	n.heap, n.goroutine = read(KindHeap), read(KindGoroutine)
	if cpu := read(KindCPU); cpu.raw != nil {
		n.cpu = []piece{cpu}
	}
	return n
}
