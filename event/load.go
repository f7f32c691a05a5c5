package event

import (
	"cmp"
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

// The files of an event directory beside its profiles.
const (
	JSONFile    = "event.json"  // the event, for [Load]
	SummaryFile = "summary.txt" // the event as text; see [Event.Summary]
)

// maxRead is the maximum size of a profile that is read to learn when it was taken.
const maxRead = 4 << 20

// maxJSON is the maximum size of event.json: many times what the longest window takes.
const maxJSON = 16 << 20

// Load reads an event from its directory. It sets the path of each profile and does
// not read them. The error wraps [os.ErrNotExist] if there is no event.json. Only
// regular files of the directory are read: a link, a pipe or a path is an error.
func Load(dir string) (*Event, error) {
	file := Profile{File: JSONFile, Path: filepath.Join(dir, JSONFile)}
	raw, err := file.ReadAll(maxJSON)
	if err != nil {
		return nil, fmt.Errorf("holmes: load event %s: %w", filepath.Base(dir), cmp.Or(errors.Unwrap(err), err))
	}
	e := new(Event)
	err = e.UnmarshalJSON(raw)
	if err == nil && e.ID == "" {
		err = errors.New("event.json has no id")
	}
	if err != nil {
		return nil, fmt.Errorf("holmes: load event %s: %w", filepath.Base(dir), err)
	}
	e.Dir = dir
	for i := range e.Profiles {
		switch p := &e.Profiles[i]; {
		case p.File == "":
		case p.File == "." || p.File == ".." || strings.ContainsAny(p.File, `/\`):
			p.Err = fmt.Errorf("holmes: %q is no name of a file in the event's directory", p.File)
		default:
			p.Path = filepath.Join(dir, p.File)
		}
	}
	return e, nil
}

// openRegular opens a regular file, and refuses anything else at once: to open a pipe
// would block, and a link may lead out of the directory.
func openRegular(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	return os.Open(path)
}

// Recover reads an event whose process has ended before the event was complete. It
// adds profiles that event.json does not name, and without event.json it makes the
// event from the directory's name and profiles. It calls [Event.Finalize]. The event
// is never nil, not even with an error.
func Recover(dir string) (*Event, error) {
	e, err := Load(dir)
	if err != nil {
		e = rebuilt(dir)
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
	}
	e.Finalize()
	return e, errors.Join(err, e.findFiles())
}

// rebuilt makes an event from the name of its directory.
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

// Finalize completes an event whose process has ended: a suspected event becomes
// unconfirmed, and [Event.MarkMissing] is called.
func (e *Event) Finalize() {
	if e.State == StateSuspected {
		e.State = StateUnconfirmed
	}
	e.MarkMissing()
}

// findFiles adds the profiles that are on disk and not in the event: the process was
// killed before it could add them.
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

// times returns when the profile was taken and for how long, from its content.
func (p *Profile) times() (start time.Time, took time.Duration, err error) {
	raw, err := p.ReadAll(maxRead)
	if err != nil {
		return start, 0, err
	}
	return pprofread.Times(raw)
}

// errNotKept is why a profile of a stored event has no content.
var errNotKept = errors.New("was held in memory, or removed from the disk, before it could be delivered")

// MarkMissing looks for the file of each profile. A profile whose file is gone gets
// the reason in Err and Note, and no Path.
func (e *Event) MarkMissing() {
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
