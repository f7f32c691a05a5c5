package holmes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/pprofread"
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
	ev, err := orphan(entry.Path(), id)
	r.onDisk("read an event that another process left", err)
	files := evidence{store: s, entry: entry, stale: true}
	if ev.State == StateDismissed || ev.Trigger.Sample.Signal == baselineSignal {
		r.onDisk("close an event that another process left", files.close(true))
		return
	}
	err = errors.Join(files.describe(ev), files.replace(summaryFile, ev.summary()), entry.Close(classOf(ev)))
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

// orphan is the event in a directory as far as it came. It is never nil.
func orphan(dir, id string) (*Event, error) {
	ev, err := LoadEvent(dir)
	if errors.Is(err, os.ErrNotExist) {
		return rebuilt(dir, id)
	}
	if err != nil {
		again, _ := rebuilt(dir, id)
		return again, err
	}
	if ev.State == StateSuspected {
		ev.State = StateUnconfirmed
	}
	ev.missFiles()
	err = ev.findFiles()
	return ev, err
}

// rebuilt makes an event of its name and its files, where event.json could not
// be written.
func rebuilt(dir, id string) (*Event, error) {
	stamp, rest, _ := strings.Cut(id, "-")
	at, _ := time.Parse(dump.IDLayout, stamp)
	signal := rest
	if end := strings.LastIndexByte(rest, '-'); end > 0 {
		signal = rest[:end]
	}
	ev := &Event{
		ID: id, State: StateUnconfirmed, At: at, Dir: dir, Labels: map[string]string{},
		Trigger: Trigger{
			Sample: Sample{Signal: Signal(signal), At: at},
			Reason: Reason{Text: fmt.Sprintf("%s: what set it off could not be written to disk", signal)},
		},
	}
	err := ev.findFiles()
	return ev, err
}

// findFiles adds the profiles that are on disk and not in the event: their
// process was killed before it could say so.
func (e *Event) findFiles() error {
	entries, err := os.ReadDir(e.Dir)
	if err != nil {
		return fmt.Errorf("holmes: look for profiles: %w", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		kind, ok := kindOf(name)
		if !ok || !entry.Type().IsRegular() || slices.ContainsFunc(e.Profiles, func(p Profile) bool { return p.File == name }) {
			continue
		}
		p := Profile{Kind: kind, File: name, Path: filepath.Join(e.Dir, name), Note: "its process ended before it could describe it"}
		if info, err := entry.Info(); err == nil {
			p.Start = info.ModTime()
		}
		if start, took, err := p.times(); err == nil && !start.IsZero() {
			p.Start, p.Duration = start, took
		}
		e.Profiles = append(e.Profiles, p)
	}
	return nil
}

// times returns the time that a profile itself says it is of.
func (p *Profile) times() (start time.Time, took time.Duration, err error) {
	raw, err := p.read(maxParsed)
	if err != nil {
		return start, 0, err
	}
	return pprofread.Times(raw)
}

// kindOf returns the kind of profile that a file holds by its name, such as
// "heap-2.pb.gz".
func kindOf(file string) (Kind, bool) {
	if file == captures[KindTrace].file {
		return KindTrace, true
	}
	name, ok := strings.CutSuffix(file, ".pb.gz")
	kind, _, _ := strings.Cut(name, "-")
	_, known := captures[Kind(kind)]
	return Kind(kind), ok && known
}
