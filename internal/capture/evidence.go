package capture

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/cpuprofile"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/humanize"
	"github.com/go-holmes/holmes/internal/supervise"
)

// Evidence is the profiles of one event while they are taken. One goroutine uses it,
// which may wait for the disk.
type Evidence struct {
	Taker
	Event *event.Event
	Files eventstore.Files
	Store *eventstore.Current

	// Left is how long the process is expected to live, and 0 if nothing is known of
	// that.
	Left time.Duration

	// Sites are the functions that goroutines were started with, if a whole
	// profile would have cost too much.
	Sites []event.GoroutineSite

	cpu cpuFile
	top topSites
}

// A cpuFile is the CPU profile of an event so far.
type cpuFile struct {
	slices []cpuprofile.Profile
	notes  string
	index  int // in the event's profiles, plus 1; 0 before there is one
}

// afterGC is the file of the second heap profile.
const afterGC = "heap-gc.pb.gz"

// Report logs a fault of the disk.
func (e *Evidence) Report(err error) { e.Store.Report("write an event", err, e.attrs()...) }

// Log returns the log with the event's attributes.
//
//go:noinline
func (e *Evidence) Log() *supervise.Log { return e.Scope.Log.With(e.attrs()...) }

//go:noinline
func (e *Evidence) attrs() []any {
	return []any{"event", e.Event.ID, "signal", string(e.Event.Trigger.Sample.Signal)}
}

// Save writes event.json.
func (e *Evidence) Save() { e.Report(e.Files.Describe(e.Event)) }

// Snapshots takes a profile of each kind that is a snapshot.
func (e *Evidence) Snapshots(kinds []event.Kind) {
	for _, k := range kinds {
		if row := e.Kinds[k]; row.Write != nil && !row.Cumulative {
			e.Snapshot(k, k.File(), "")
		}
	}
}

// Snapshot takes one profile without a duration, into a file.
func (e *Evidence) Snapshot(kind event.Kind, file, note string) {
	p := event.Profile{Kind: kind, File: file, Start: e.clock.Wall(), Note: note}
	if kind == event.KindHeap {
		p.Note = humanize.Join(note, e.Event.Readings.MemoryNote())
	}
	expected := e.estimate(kind)
	p.Err = e.affords(expected)
	switch {
	case kind == event.KindHeap && (p.Err != nil || e.inHaste(expected.bytes)):
		e.putTopSites(&p)
	case p.Err == nil:
		e.Event.Cost.PredictedBytes += expected.bytes
		goroutines := runtime.NumGoroutine()
		e.costs.learn(kind, goroutines, e.capture(func() { e.put(&p, e.Kinds[kind].Write, false) }), e.clock.Mono())
	case kind == event.KindGoroutine:
		e.countGoroutines()
	}
	e.Add(p)
}

// errHaste is why a whole heap profile was not taken.
var errHaste = errors.New("might not be complete before memory is full")

// inHaste reports whether the process may end before a whole heap profile is taken, which
// needs that many bytes: memory grows meanwhile.
func (e *Evidence) inHaste(needs uint64) bool {
	return e.Left > 0 && (needs > e.room()/2 || e.Left/2 < e.costs.heapTime(e.clock.Mono()))
}

// putTopSites writes the substitute of a heap profile. p.Err is why there is no whole one,
// if it does not fit.
func (e *Evidence) putTopSites(p *event.Profile) {
	why := cmp.Or(p.Err, errHaste)
	expected := estimate{bytes: e.top.needs()}
	if e.affords(expected) != nil {
		return // the reason is that of the whole profile
	}
	e.Event.Cost.PredictedBytes += expected.bytes
	p.Err = nil
	e.capture(func() {
		raw, written, of, err := e.top.take()
		if p.Err = err; err == nil {
			p.Note = humanize.Join(p.Note, fmt.Sprintf("only the %d largest of %d sites that hold memory: a whole profile %v", written, of, why))
			e.put(p, eventstore.Content(raw), false)
		}
	})
}

// capture calls do and adds its cost to the event and the counters.
func (e *Evidence) capture(do func()) Cost {
	s := e.measureCost(do)
	e.account(s)
	return s
}

// FreeName returns a name that no file of the event has: "goroutine-2.pb.gz" for
// a second "goroutine.pb.gz".
func (e *Evidence) FreeName(file string) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(e.Event.Profiles, func(p event.Profile) bool { return p.File == name })
	}
	base, ext, _ := strings.Cut(file, ".")
	for n := 2; taken(file); n++ {
		file = fmt.Sprintf("%s-%d.%s", base, n, ext)
	}
	return file
}

// put writes the file of a profile and sets its location in p. With replace the file
// may exist.
func (e *Evidence) put(p *event.Profile, fill func(io.Writer) error, replace bool) {
	at, refused, err := e.Files.Write(p.File, func(w io.Writer) (err error) {
		err = errLost
		e.Scope.Bugs.Safely("capture", func() { err = fill(w) })
		return err
	}, replace)
	e.Store.Report("evidence is kept in memory, the disk refuses it", refused, e.attrs()...)
	if err != nil {
		p.Err = fmt.Errorf("holmes: capture %s: %w", p.Kind, err)
		return
	}
	p.SetContent(at.Path, at.Data)
	e.Event.Cost.Bytes += at.Bytes
	e.counters.add(func(sum *Counters) { sum.Bytes += at.Bytes })
}

// Add adds a profile to the event, or the reason why it is missing.
func (e *Evidence) Add(p event.Profile) {
	if p.Err != nil {
		p.Note = humanize.Join(p.Note, p.Err.Error())
		p.File = ""
	}
	e.Event.Profiles = append(e.Event.Profiles, p)
}

// AfterCollection takes a second heap profile, which shows what was allocated during
// the event. A heap profile lags by two collections: if fewer have finished since the
// count was since, one is forced.
func (e *Evidence) AfterCollection(since uint64) {
	note := "after a finished collection"
	switch finished := e.Meter.Cycles() - since; {
	case finished >= 2:
	case !e.Config.ForceGC:
		e.Add(event.Profile{Kind: event.KindHeap, Err: fmt.Errorf("no second profile: %d of 2 collections have finished, and WithForcedGC is off", finished)})
		return
	case e.Scope.Stopping():
		e.Add(event.Profile{Kind: event.KindHeap, Err: fmt.Errorf("no second profile: holmes was stopped")})
		return
	case !e.mayForceGC():
		note = fmt.Sprintf("%d of 2 collections have finished, and one was forced within the last %v", finished, gcEvery)
	default:
		runtime.GC()
		e.Event.Cost.ForcedGC++
		e.counters.add(func(sum *Counters) { sum.ForcedGC++ })
		note = "after a forced collection"
	}
	e.Snapshot(event.KindHeap, afterGC, note)
}

// CollectWithin is AfterCollection for a process whose memory will be full in Left: it
// takes the profile only if the expected duration of a collection and the profile
// fit into half of that time.
func (e *Evidence) CollectWithin(collection time.Duration, since uint64) {
	needs := collection + e.costs.heapTime(e.clock.Mono())
	if e.Left/2 < needs {
		e.Add(event.Profile{Kind: event.KindHeap, Err: fmt.Errorf("no second profile: memory is full in %s, and a collection with its profile takes about %s",
			e.Left.Round(time.Millisecond), needs.Round(time.Millisecond))})
		return
	}
	e.AfterCollection(since)
}
