package source

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

// A Directory is one that the library has dumped events to, with a directory for
// each event. It is only read.
type Directory string

// sharedPrefix begins the name of the directory that the library makes for itself
// inside a shared one, such as /tmp.
const sharedPrefix = "holmes-"

// OpenDirectory returns an error if the directory does not exist.
func OpenDirectory(path string) (Directory, error) {
	_, err := os.Stat(path)
	return Directory(path), err
}

// all returns the events, the newest first. Unreadable ones are left out: an
// event may be incomplete while it is written.
func (d Directory) all() ([]api.Event, error) {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return nil, fmt.Errorf("holmes: %w", err)
	}
	var events []api.Event
	for _, entry := range entries {
		switch name := entry.Name(); {
		case !entry.IsDir() || strings.HasPrefix(name, "."):
		case strings.HasPrefix(name, sharedPrefix):
			inner, err := Directory(filepath.Join(string(d), name)).all()
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

func (d Directory) load(id string) (api.Event, error) {
	raw, err := os.ReadFile(filepath.Join(string(d), id, collector.EventFile))
	if err != nil {
		return api.Event{}, err
	}
	e, err := collector.ReadEvent(raw)
	if err != nil {
		return api.Event{}, err
	}
	out := api.NewEvent(*e)
	for i := range out.Profiles {
		p := &out.Profiles[i]
		p.ID = id + "/" + p.File
		if info, err := os.Stat(filepath.Join(string(d), id, p.File)); err == nil {
			p.Size = info.Size()
		}
	}
	return out, nil
}

// Events returns the events that a query finds, the newest first.
func (d Directory) Events(_ context.Context, q collector.EventQuery) ([]api.Event, error) {
	all, err := d.all()
	out := []api.Event{}
	for i := range all {
		e := &all[i]
		fits := func(wanted, is string) bool { return wanted == "" || wanted == is }
		if fits(q.Service, e.Service) && fits(q.Signal, e.Signal) && fits(q.State, e.State) && labelsFit(q.Labels, e.Labels) &&
			(&collector.Event{Service: e.Service, Labels: e.Labels}).Fits(q.Matchers) &&
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

// Profiles returns the profiles that a query finds, of the newest events first.
func (d Directory) Profiles(ctx context.Context, q collector.Query) ([]api.Profile, error) {
	events, err := d.Events(ctx, collector.EventQuery{Service: q.Service, Labels: q.Labels, From: q.From, To: q.To})
	out := []api.Profile{}
	for i := range events {
		for _, p := range events[i].Profiles {
			m := collector.Meta{Service: p.Service, Kind: p.Type, Labels: p.Labels}
			if (q.Kind == "" || q.Kind == p.Type) && m.Fits(q.Matchers) && (q.Limit == 0 || len(out) < q.Limit) {
				out = append(out, p)
			}
		}
	}
	return out, err
}

// Event returns one event.
func (d Directory) Event(_ context.Context, id string) (api.Event, error) {
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

// File opens a file of an event.
func (d Directory) File(_ context.Context, event, name string) (io.ReadCloser, error) {
	if !filepath.IsLocal(event) || !filepath.IsLocal(name) || filepath.Base(name) != name {
		return nil, collector.Errorf(collector.NotFound, "there is no file %q of an event", name)
	}
	paths, err := filepath.Glob(filepath.Join(escapeGlob(string(d)), sharedPrefix+"*"))
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

// escapeGlob keeps the name of a directory from being a pattern.
func escapeGlob(path string) string {
	return strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`).Replace(path)
}

// Profile opens a profile, whose ID is <event>/<file>.
func (d Directory) Profile(ctx context.Context, id string) (io.ReadCloser, error) {
	event, name := cutEvent(id)
	if name == "" {
		return nil, collector.Errorf(collector.NotFound, "there is no profile %q in %s", id, string(d))
	}
	return d.File(ctx, event, name)
}

// Merged is not supported.
func (Directory) Merged(context.Context, collector.Query, string, string) (io.ReadCloser, error) {
	return nil, collector.Errorf(collector.Unsupported, "profiles of a directory are not added up; name one")
}
