package baseline

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/eventstore"
)

// The baseline is in the dump path as an event that is never reported, so that it is
// private, whole or absent, and within the budget like all evidence. There is one for
// each service.
const (
	code         = "baseline"
	buildLabel   = "build" // BuildID of the program
	serviceLabel = "service"
)

// BuildID returns an ID of this build of the program: a hash of the build information,
// which does not show local changes, and of the size and time of the binary.
func BuildID() string {
	sum := sha256.New()
	if info, ok := debug.ReadBuildInfo(); ok {
		_, _ = fmt.Fprint(sum, info.GoVersion, info.Path, info.Settings) // a hash returns no error
		for _, m := range append(info.Deps, &info.Main) {
			for ; m != nil; m = m.Replace {
				_, _ = fmt.Fprint(sum, m.Path, m.Version, m.Sum)
			}
		}
	}
	if path, err := os.Executable(); err == nil {
		if info, err := os.Stat(path); err == nil {
			_, _ = fmt.Fprint(sum, info.Size(), info.ModTime().UnixNano())
		}
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:8])
}

// save writes the baseline for the next start, in place of the last one.
func (k *Keeper) save(b *Baseline) {
	ev := &event.Event{
		ID: k.IDs.Next(b.At, event.SignalBaseline), State: event.StateDismissed, At: b.At,
		Labels: k.Labels(), Readings: b.Readings,
		Trigger: event.Trigger{
			Sample: detect.Sample{Signal: event.SignalBaseline, At: b.At},
			Reason: detect.Reason{Code: code, Text: "profiles of calm times, for events to be compared with"},
		},
	}
	ev.Labels[buildLabel] = k.Build()
	files, err := k.Store.Create(context.Background(), k.Config(), ev.ID, nil)
	k.Store.Report("the baseline is not kept for the next start", err)
	if err != nil {
		return
	}
	if err = b.write(&files, ev); err == nil {
		err = files.Keep(code + " " + ev.Labels[serviceLabel])
	} else {
		err = errors.Join(err, files.Discard())
	}
	k.Store.Report("the baseline is not kept for the next start", err)
}

func (b *Baseline) write(files *eventstore.Files, ev *event.Event) error {
	cpu, err := b.joinedCPU()
	errs := []error{err, files.Describe(ev)} // first, so that it is never reported as an event
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

// load returns the baseline that an earlier run of this service and build has saved, or
// none. The means may be of another build of the service.
func (k *Keeper) load() Baseline {
	store := k.Store.At(k.Config())
	service, build := k.Labels()[serviceLabel], k.Build()
	var b Baseline
	err := store.Do(func(d *dump.Store) (err error) {
		b, err = find(d, service, build)
		return err
	})
	if err == nil {
		return b
	}
	if store.Dir() != "" { // else Start has reported it
		k.Store.Report("look for an earlier baseline", err)
	}
	return Baseline{}
}

// find returns the newest baseline of a build of a service in a store.
func find(d *dump.Store, service, build string) (b Baseline, err error) {
	ids, err := d.List()
	for _, id := range slices.Backward(ids) {
		if !strings.Contains(id, "-"+string(event.SignalBaseline)+"-") {
			continue
		}
		ev, err := event.Load(d.Path(id))
		if err != nil || ev.Labels[serviceLabel] != service || d.Check(id) != nil {
			continue
		}
		if ev.Labels[buildLabel] == build {
			return read(ev), nil
		}
		if b.Readings.Means == nil {
			b.Readings.Means = ev.Readings.Means
		}
	}
	return b, err
}

// read reads the baseline from an event on disk.
func read(ev *event.Event) (b Baseline) {
	b.At, b.Readings = ev.At, ev.Readings
	profileOf := func(k event.Kind) (p profile) {
		if found := ev.Profile(k); found != nil {
			p.raw, _ = found.ReadAll(maxProfile) // a damaged profile is left out
		}
		return p
	}
	b.heap, b.goroutine = profileOf(event.KindHeap), profileOf(event.KindGoroutine)
	if cpu := profileOf(event.KindCPU); cpu.raw != nil {
		b.cpu = []profile{cpu}
	}
	return b
}
