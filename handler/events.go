package handler

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/event"
)

// maxEvents is how many events are listed, which is the default limit of a dump path.
const maxEvents = 100

// A listed event is one in the dump path.
type listed struct {
	ID       string        `json:"id"`
	At       time.Time     `json:"at"`
	State    event.State   `json:"state,omitempty"`
	Signal   detect.Signal `json:"signal,omitempty"`
	Sentence string        `json:"sentence"`
	Files    []file        `json:"files"`
}

// A file of an event.
type file struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

func (s *server) serveEvents(w http.ResponseWriter, _ *http.Request) {
	events, err := s.events()
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	answer(w, events)
}

// open opens the directory of the events. Names are resolved below it, whatever links
// there are.
func (s *server) open() (*os.Root, error) {
	stats := s.holmes.Stats()
	switch {
	case stats.Err != nil:
		return nil, stats.Err
	case stats.Dump.Err != nil:
		return nil, stats.Dump.Err
	case stats.Dump.Dir == "" && stats.Off:
		return nil, errors.New("holmes is off by HOLMES_OFF, and has opened no dump path")
	case stats.Dump.Dir == "" && !stats.Running:
		return nil, errors.New("holmes has not been started, and has opened no dump path")
	case stats.Dump.Dir == "":
		return nil, errors.New("events are in memory only, by WithMemoryOnly")
	default:
		return os.OpenRoot(stats.Dump.Dir)
	}
}

// events lists the events, newest first. Profiles of calm times are no event.
func (s *server) events() ([]listed, error) {
	root, err := s.open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	dir, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	out := []listed{}
	for _, id := range slices.Backward(names) {
		if !validID(id) || len(out) == maxEvents {
			continue
		}
		if e := describe(root, id); e.Signal != event.SignalBaseline {
			out = append(out, e)
		}
	}
	return out, nil
}

// describe reads one event. What cannot be read is its sentence.
func describe(root *os.Root, id string) listed {
	stamp, _, _ := strings.Cut(id, "-")
	at, _ := time.Parse(dump.IDLayout, stamp) // the ID is valid
	out := listed{ID: id, At: at, Files: files(root, id)}
	e, err := event.Load(filepath.Join(root.Name(), id))
	if err != nil {
		out.Sentence = err.Error()
		return out
	}
	out.State, out.Signal, out.Sentence = e.State, e.Trigger.Sample.Signal, e.Sentence()
	return out
}

// validID reports whether a name is that of an event: its time, and more of a few
// characters.
func validID(id string) bool {
	stamp, rest, ok := strings.Cut(id, "-")
	_, err := time.Parse(dump.IDLayout, stamp)
	return ok && err == nil && !strings.ContainsFunc(rest, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
	})
}

// files lists the files of an event by name: its regular files, without those that the
// store keeps beside them.
func files(root *os.Root, id string) []file {
	out := []file{}
	dir, err := root.Open(id)
	if err != nil {
		return out
	}
	defer dir.Close()
	entries, _ := dir.ReadDir(-1) // what cannot be read is not there
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && validFile(entry.Name()) && info.Mode().IsRegular() {
			out = append(out, file{Name: entry.Name(), Bytes: info.Size()})
		}
	}
	slices.SortFunc(out, func(a, b file) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// validFile reports whether a name is that of a file of an event.
func validFile(name string) bool {
	return name != "" && name[0] != '.' && filepath.IsLocal(name) && !strings.ContainsAny(name, "/\\\x00")
}
