package baseline

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

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/eventstore"
)

// The baseline lies in the dump path as an event that is never reported, so that
// it is private, whole or absent, and within the budget like all evidence.
const (
	code       = "baseline"
	buildLabel = "build" // of the program that it is of
)

// BuildID returns what tells two builds of a program apart: what they were made
// of, and the size and time of the file, since a build of a changed tree says no
// more.
func BuildID() string {
	sum := fnv.New64a()
	if info, ok := debug.ReadBuildInfo(); ok {
		_, _ = io.WriteString(sum, info.String()) // a hash returns no error
	}
	if path, err := os.Executable(); err == nil {
		if info, err := os.Stat(path); err == nil {
			_, _ = fmt.Fprint(sum, info.Size(), info.ModTime().UnixNano())
		}
	}
	return fmt.Sprintf("%016x", sum.Sum64())
}

// save writes the baseline for the next start, in place of the last one.
func (k *Keeper) save(b *Baseline) {
	ev := &event.Event{
		ID: k.IDs.Next(b.At, event.SignalBaseline), State: event.StateDismissed, At: b.At,
		Labels: k.Labels(),
		Trigger: event.Trigger{
			Sample: detect.Sample{Signal: event.SignalBaseline, At: b.At},
			Reason: detect.Reason{Code: code, Text: "profiles of calm times, for events to be compared with"},
		},
	}
	ev.Labels[buildLabel] = k.Build()
	files, err := k.Store.Create(k.Config(), ev.ID, nil)
	if err != nil {
		k.Store.Report("the baseline is not kept for the next start", err)
		return
	}
	err = errors.Join(b.write(&files, ev), files.Dismiss())
	k.Store.Report("the baseline is not kept whole for the next start", err)
	if k.entry != "" {
		if old, err := eventstore.Reopen(files.Store, k.entry); err == nil { // else retention was faster
			k.Store.Report("remove the baseline before", old.Discard())
		}
	}
	k.entry = ev.ID
}

func (b *Baseline) write(files *eventstore.Files, ev *event.Event) error {
	cpu, err := b.joinedCPU()
	errs := []error{err, files.Describe(ev)} // first, so that it is never taken for an event
	for _, p := range []struct {
		kind event.Kind
		profile
		took time.Duration
	}{
		{event.KindCPU, cpu, time.Duration(len(b.cpu)) * profiled},
		{event.KindHeap, b.heap, 0},
		{event.KindGoroutine, b.goroutine, 0},
	} {
		if p.raw == nil {
			continue
		}
		file := p.kind.File()
		errs = append(errs, files.Replace(file, p.raw))
		ev.Profiles = append(ev.Profiles, event.Profile{Kind: p.kind, File: file, Start: b.At, Duration: p.took})
	}
	return errors.Join(append(errs, files.Describe(ev))...)
}

// load returns what an earlier run of this build has saved, or none.
func (k *Keeper) load() (b Baseline) {
	store, err := k.Store.Open(k.Config())
	if err != nil {
		return b // which was reported when it was opened
	}
	ids, err := store.List()
	k.Store.Report("look for an earlier baseline", err)
	build := k.Build()
	for _, id := range slices.Backward(ids) {
		if !strings.Contains(id, "-"+string(event.SignalBaseline)+"-") {
			continue
		}
		ev, err := event.Load(store.Path(id))
		if err == nil && ev.Labels[buildLabel] == build {
			return of(ev)
		}
	}
	return b
}

// of reads the baseline that an event on disk holds.
func of(ev *event.Event) (b Baseline) {
	b.At = ev.At
	read := func(k event.Kind) (p profile) {
		if found := ev.Profile(k); found != nil {
			p.raw, _ = found.ReadAll(maxProfile) // what is damaged is not compared with
		}
		return p
	}
	b.heap, b.goroutine = read(event.KindHeap), read(event.KindGoroutine)
	if cpu := read(event.KindCPU); cpu.raw != nil {
		b.cpu = []profile{cpu}
	}
	return b
}
