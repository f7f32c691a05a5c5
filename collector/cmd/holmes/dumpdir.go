package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/api"
)

// A dumpDir is a directory that the library has dumped events to: a directory
// for each. It is only read.
type dumpDir string

// shared is the prefix of the directory that the library makes for itself in one
// that is for all, such as /tmp.
const shared = "holmes-"

// all returns the events, the newest first. What cannot be read as one is left
// out: an event may be just being written, or be none.
func (d dumpDir) all() ([]api.Event, error) {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return nil, fmt.Errorf("holmes: %w", err)
	}
	var events []api.Event
	for _, entry := range entries {
		switch name := entry.Name(); {
		case !entry.IsDir() || strings.HasPrefix(name, "."):
		case strings.HasPrefix(name, shared):
			inner, err := dumpDir(filepath.Join(string(d), name)).all()
			if err != nil && !errors.Is(err, fs.ErrPermission) {
				return nil, err
			}
			events = append(events, inner...)
		default:
			if e, err := d.load(name); err == nil {
				events = append(events, e)
			}
		}
	}
	slices.SortFunc(events, func(a, b api.Event) int { return b.At.Compare(a.At) })
	return events, nil
}

func (d dumpDir) load(id string) (api.Event, error) {
	raw, err := os.ReadFile(filepath.Join(string(d), id, collector.EventFile))
	if err != nil {
		return api.Event{}, err
	}
	e, err := collector.ReadEvent(raw)
	if err != nil {
		return api.Event{}, err
	}
	out := viewOf(e)
	for i := range out.Profiles {
		p := &out.Profiles[i]
		p.ID = id + "/" + p.File
		if info, err := os.Stat(filepath.Join(string(d), id, p.File)); err == nil {
			p.Size = info.Size()
		}
	}
	return out, nil
}

// viewOf is an event as a collector would answer it.
func viewOf(e *collector.Event) api.Event {
	out := api.Event{
		ID: e.ID, Service: e.Service, State: e.State, Signal: e.Signal, Reason: e.Reason, Value: e.Value, Limit: e.Limit,
		Baseline: e.Baseline, At: e.At, Sentence: e.Sentence, Culprits: append([]string{}, e.Culprits...), Confident: e.Confident,
		Labels: e.Labels, Profiles: []api.Profile{},
	}
	for i := range e.Profiles {
		m := &e.Profiles[i]
		out.Profiles = append(out.Profiles, api.Profile{
			Service: m.Service, Type: m.Kind, Labels: m.Labels, CreatedAt: m.CreatedAt, DurationSeconds: m.Duration.Seconds(),
			Event: m.Event, File: m.File,
		})
	}
	return out
}

func (d dumpDir) events(_ context.Context, q collector.EventQuery) ([]api.Event, error) {
	all, err := d.all()
	out := []api.Event{}
	for i := range all {
		e := &all[i]
		fits := func(wanted, is string) bool { return wanted == "" || wanted == is }
		if fits(q.Service, e.Service) && fits(q.Signal, e.Signal) && fits(q.State, e.State) && labelsFit(q.Labels, e.Labels) &&
			(q.Culprit == "" || slices.Contains(e.Culprits, q.Culprit)) &&
			(q.From.IsZero() || !e.At.Before(q.From)) && (q.To.IsZero() || e.At.Before(q.To)) && (q.Limit == 0 || len(out) < q.Limit) {
			out = append(out, *e)
		}
	}
	return out, err
}

func labelsFit(wanted, are collector.Labels) bool {
	return !slices.ContainsFunc(wanted, func(l collector.Label) bool { return !slices.Contains(are, l) })
}

func (d dumpDir) profiles(ctx context.Context, q collector.Query) ([]api.Profile, error) {
	events, err := d.events(ctx, collector.EventQuery{Service: q.Service, Labels: q.Labels, From: q.From, To: q.To})
	out := []api.Profile{}
	for i := range events {
		for _, p := range events[i].Profiles {
			if (q.Kind == "" || q.Kind == p.Type) && (q.Limit == 0 || len(out) < q.Limit) {
				out = append(out, p)
			}
		}
	}
	return out, err
}

func (d dumpDir) event(_ context.Context, id string) (api.Event, error) {
	all, err := d.all()
	if err != nil {
		return api.Event{}, err
	}
	for i := range all {
		if all[i].ID == id {
			return all[i], nil
		}
	}
	return api.Event{}, collector.Errorf(collector.NotFound, "there is no event %q in %s", id, string(d))
}

func (d dumpDir) file(_ context.Context, event, name string) (io.ReadCloser, error) {
	if !filepath.IsLocal(event) || !filepath.IsLocal(name) || filepath.Base(name) != name {
		return nil, collector.Errorf(collector.NotFound, "there is no file %q of an event", name)
	}
	paths, err := filepath.Glob(filepath.Join(escapeGlob(string(d)), shared+"*"))
	if err != nil {
		return nil, err
	}
	for _, dir := range append([]string{string(d)}, paths...) {
		f, err := os.Open(filepath.Join(dir, event, name))
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return nil, fmt.Errorf("holmes: %w", err)
		}
	}
	return nil, collector.Errorf(collector.NotFound, "there is no %s of event %q in %s", name, event, string(d))
}

// escapeGlob keeps what a directory is called from being a pattern.
func escapeGlob(path string) string {
	return strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`).Replace(path)
}

func (d dumpDir) profile(ctx context.Context, id string) (io.ReadCloser, error) {
	event, name := cutEvent(id)
	if name == "" {
		return nil, collector.Errorf(collector.NotFound, "there is no profile %q in %s", id, string(d))
	}
	return d.file(ctx, event, name)
}

func (dumpDir) merged(context.Context, collector.Query) (io.ReadCloser, error) {
	return nil, usageError{errors.New("holmes: profiles of a directory are not added up; name one")}
}

// cutEvent takes <event>/<file> apart.
func cutEvent(arg string) (event, file string) {
	event, file, _ = strings.Cut(arg, "/")
	return event, file
}
