package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/google/pprof/profile"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/server"
)

// evidence is where events and profiles are: at a collector, or in a directory
// that the library has dumped them to.
type evidence interface {
	// events returns events, the newest first.
	events(ctx context.Context, q collector.EventQuery) ([]api.Event, error)
	// profiles returns profiles, the newest first.
	profiles(ctx context.Context, q collector.Query) ([]api.Profile, error)
	// event returns one event.
	event(ctx context.Context, id string) (api.Event, error)
	// file opens a file of an event.
	file(ctx context.Context, event, name string) (io.ReadCloser, error)
	// profile opens a profile by its ID.
	profile(ctx context.Context, id string) (io.ReadCloser, error)
	// merged opens the sum of what is found.
	merged(ctx context.Context, q collector.Query) (io.ReadCloser, error)
}

// A place is what says where the evidence is, on the command line.
type place struct {
	server, dir, token string
	json               bool
}

// DefaultServer is where a collector is that was started without flags.
const defaultServer = "http://" + server.DefaultAddr

// set adds the settings.
func (p *place) set(s *settings) {
	s.flags.StringVar(&p.server, "server", defaultServer, "ask the collector at this `URL`; its token is HOLMES_TOKEN")
	s.flags.StringVar(&p.dir, "dir", "", "look into this `directory` that holmes has dumped events to, and ask nobody")
	s.flags.BoolVar(&p.json, "json", false, "print JSON")
	s.secret(&p.token, "token")
}

func (p *place) open() (evidence, error) {
	if p.dir != "" {
		if _, err := os.Stat(p.dir); err != nil {
			return nil, usageError{fmt.Errorf("holmes: -dir: %w", err)}
		}
		return dumpDir(p.dir), nil
	}
	return newRemote(p.server, p.token)
}

// A window is a search on the command line.
type window struct {
	service, signal, state, culprit, kind, labels, from, to string
	limit                                                   int
}

// set adds the settings.
func (w *window) set(s *settings) {
	s.flags.StringVar(&w.service, "service", "", "of this `service`")
	s.flags.StringVar(&w.kind, "type", "", "profiles of this `type`: cpu, heap, goroutine, ...")
	s.flags.StringVar(&w.labels, "labels", "", "with these labels, `k=v,k2=v2`")
	s.flags.StringVar(&w.from, "from", "", "from this `time` on: 2026-05-04T03:02:01, in UTC, or an age like 24h or 7d")
	s.flags.StringVar(&w.to, "to", "", "before this `time`")
	s.flags.IntVar(&w.limit, "limit", 100, "at most so `many`, the newest")
}

// query is the search for profiles.
func (w *window) query() (q collector.Query, err error) {
	q = collector.Query{Service: w.service, Kind: collector.Kind(w.kind), Limit: w.limit}
	if q.Labels, err = collector.ParseLabels(w.labels); err != nil {
		return q, usageError{err}
	}
	if q.From, err = moment("from", w.from); err != nil {
		return q, err
	}
	if q.To, err = moment("to", w.to); err != nil {
		return q, err
	}
	if err := q.Validate(); err != nil {
		return q, usageError{err}
	}
	return q, nil
}

// maxProfile bounds a profile that is read here.
const maxProfile = 256 << 20

// readProfile decodes a profile and closes it.
func readProfile(r io.ReadCloser, err error) (*profile.Profile, error) {
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, maxProfile+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxProfile {
		return nil, fmt.Errorf("holmes: the profile is larger than %d bytes", maxProfile)
	}
	p, err := profile.ParseData(raw)
	if err != nil {
		return nil, fmt.Errorf("holmes: this is no profile: %w", err)
	}
	return p, nil
}

// find returns the profile that an argument names: a file here, <event>,
// <event>/<file>, or the ID of a profile.
func find(ctx context.Context, where *place, kind, arg string) (*profile.Profile, error) {
	f, err := os.Open(arg)
	switch {
	case err == nil:
		return readProfile(f, nil)
	case !errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("holmes: %w", err)
	}
	e, err := where.open()
	if err != nil {
		return nil, err
	}
	id, name := cutEvent(arg)
	if name != "" {
		return readProfile(e.file(ctx, id, name))
	}
	event, err := e.event(ctx, id)
	switch {
	case collector.CodeOf(err) == collector.NotFound:
		p, err := readProfile(e.profile(ctx, id))
		if collector.CodeOf(err) == collector.NotFound {
			return nil, collector.Errorf(collector.NotFound, "%q is neither a file nor an event nor a profile there", arg)
		}
		return p, err
	case err != nil:
		return nil, err
	}
	if name, err = best(&event, kind); err != nil {
		return nil, err
	}
	return readProfile(e.file(ctx, id, name))
}

// best is the profile of an event that says most: of the type that was asked
// for, or of that which shows the signal; the last one of several.
func best(e *api.Event, kind string) (name string, err error) {
	wanted := kind
	if wanted == "" {
		wanted = map[string]string{
			"mem": "heap", "gcheap": "heap", "goroutine": "goroutine", "thread": "threadcreate", "mutexwait": "mutex",
		}[e.Signal]
	}
	if wanted == "" {
		wanted = "cpu"
	}
	first := ""
	for _, p := range e.Profiles {
		if string(p.Type) == wanted {
			name = p.File
		}
		if first == "" && p.Type.Pprof() {
			first = p.File
		}
	}
	if name == "" && kind == "" {
		name = first
	}
	if name == "" {
		return "", collector.Errorf(collector.NotFound, "event %s has no %s profile", e.ID, wanted)
	}
	return name, nil
}
