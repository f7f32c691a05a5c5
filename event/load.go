package event

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/humanize"
	"github.com/go-holmes/holmes/internal/pprofread"
)

// The files that every event directory has beside its profiles.
const (
	JSONFile    = "event.json"
	SummaryFile = "summary.txt"
)

// maxRead bounds the size of a profile that is read to find out when it was
// taken.
const maxRead = 4 << 20

// Load reads an event back from its directory, profiles included by path.
func Load(dir string) (*Event, error) {
	raw, err := os.ReadFile(filepath.Join(dir, JSONFile))
	if err != nil {
		return nil, fmt.Errorf("holmes: load event: %w", err)
	}
	e := new(Event)
	if err := e.UnmarshalJSON(raw); err != nil {
		return nil, fmt.Errorf("holmes: load event %s: %w", filepath.Base(dir), err)
	}
	e.Dir = dir
	for i := range e.Profiles {
		if p := &e.Profiles[i]; p.File != "" {
			p.Path = filepath.Join(dir, filepath.Base(p.File))
		}
	}
	return e, nil
}

// Recover reads an event whose process ended before the event was complete, as
// far as it came: without event.json it is made of the directory's name and the
// profiles in it. The event is never nil, with an error neither. Its state is
// [StateUnconfirmed] if there was no verdict.
func Recover(dir string) (*Event, error) {
	e, err := Load(dir)
	if err != nil {
		e = rebuilt(dir)
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
	}
	e.Settle()
	return e, errors.Join(err, e.findFiles())
}

// rebuilt makes an event of the name of its directory.
func rebuilt(dir string) *Event {
	id := filepath.Base(dir)
	stamp, signal, _ := strings.Cut(id, "-")
	at, _ := time.Parse(dump.IDLayout, stamp)
	if end := strings.LastIndexByte(signal, '-'); end > 0 {
		signal = signal[:end]
	}
	return &Event{
		ID: id, State: StateUnconfirmed, At: at, Dir: dir, Labels: map[string]string{},
		Trigger: Trigger{
			Sample: detect.Sample{Signal: detect.Signal(signal), At: at},
			Reason: detect.Reason{Text: fmt.Sprintf("%s: what set it off could not be written to disk", signal)},
		},
	}
}

// Settle is for an event of a process that has ended: without a verdict it is
// unconfirmed, and files that are gone are noted.
func (e *Event) Settle() {
	if e.State == StateSuspected {
		e.State = StateUnconfirmed
	}
	e.MissFiles()
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
		kind, ok := KindOf(name)
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
	raw, err := p.ReadAll(maxRead)
	if err != nil {
		return start, 0, err
	}
	return pprofread.Times(raw)
}

// errNotKept is why a profile is missing whose event outlived it.
var errNotKept = errors.New("was held in memory, or removed from the disk, before it could be delivered")

// MissFiles notes in each profile whose file is gone that it is.
func (e *Event) MissFiles() {
	for i := range e.Profiles {
		p := &e.Profiles[i]
		if p.Path == "" {
			continue
		}
		if _, err := os.Lstat(p.Path); errors.Is(err, os.ErrNotExist) {
			p.Path, p.Err = "", fmt.Errorf("holmes: %s %w", p.File, errNotKept)
			p.Note = humanize.Join(p.Note, errNotKept.Error())
		}
	}
}
