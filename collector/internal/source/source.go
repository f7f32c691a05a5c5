// Package source reads evidence: from a collector, from a directory that the
// library has dumped events to, or from a file.
package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/google/pprof/profile"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/api"
)

// A Source has events and profiles: a [Remote] or a [Directory].
type Source interface {
	// Events returns events, the newest first.
	Events(ctx context.Context, q collector.EventQuery) ([]api.Event, error)
	// Profiles returns profiles, the newest first.
	Profiles(ctx context.Context, q collector.Query) ([]api.Profile, error)
	// Event returns one event.
	Event(ctx context.Context, id string) (api.Event, error)
	// File opens a file of an event.
	File(ctx context.Context, event, name string) (io.ReadCloser, error)
	// Profile opens a profile by its ID.
	Profile(ctx context.Context, id string) (io.ReadCloser, error)
	// Merged opens what the profiles that a query finds make together, over time
	// and over instances as the API's parameters say. The code of the error is
	// [collector.Unsupported] where they cannot be merged.
	Merged(ctx context.Context, q collector.Query, over, instances string) (io.ReadCloser, error)
}

// maxProfile bounds a profile that is read here.
const maxProfile = 256 << 20

// readBounded reads a profile as it was stored.
func readBounded(r io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxProfile+1))
	if err == nil && len(raw) > maxProfile {
		err = fmt.Errorf("holmes: the profile is larger than %d bytes", maxProfile)
	}
	return raw, err
}

// Decode decodes a profile and closes it. It takes the profile's name for errors,
// and the results of opening it.
func Decode(name string, r io.ReadCloser, err error) (*profile.Profile, error) {
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw, err := readBounded(r)
	if err != nil {
		return nil, err
	}
	p, err := profile.ParseData(raw)
	if err != nil {
		return nil, fmt.Errorf("holmes: %s is no profile: %w", name, err)
	}
	return p, nil
}

// Find returns the profile that an argument names: a file here, <event>,
// <event>/<file>, or the ID of a profile. It opens the source only if there is no
// such file.
func Find(ctx context.Context, open func() (Source, error), kind, arg string) (*profile.Profile, error) {
	r, err := find(ctx, open, kind, arg)
	return Decode(arg, r, err)
}

func find(ctx context.Context, open func() (Source, error), kind, arg string) (io.ReadCloser, error) {
	f, err := os.Open(arg)
	switch {
	case err == nil:
		return f, nil
	case !errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("holmes: %w", err)
	}
	src, err := open()
	if err != nil {
		return nil, err
	}
	id, name := cutEvent(arg)
	if name != "" {
		return src.File(ctx, id, name)
	}
	event, err := src.Event(ctx, id)
	switch {
	case collector.CodeOf(err) == collector.NotFound:
		r, err := src.Profile(ctx, id)
		if collector.CodeOf(err) == collector.NotFound {
			return nil, collector.Errorf(collector.NotFound, "%q is neither a file nor an event nor a profile there", arg)
		}
		return r, err
	case err != nil:
		return nil, err
	}
	if name, err = best(&event, kind); err != nil {
		return nil, err
	}
	return src.File(ctx, id, name)
}

// best returns the name of an event's most telling profile: the last one of the
// type that was asked for, or else of the type that shows the signal.
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

// cutEvent splits <event>/<file>.
func cutEvent(arg string) (event, file string) {
	event, file, _ = strings.Cut(arg, "/")
	return event, file
}
