package reporters

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/go-holmes/holmes"
)

// The files that an event has beside its profiles.
const (
	eventFile   = "event.json"
	summaryFile = "summary.txt"
)

// A bundle is an event as it leaves the process: its event.json, and its
// profiles opened but not read.
type bundle struct {
	id       string
	event    []byte
	profiles []content
}

type content struct {
	name string
	io.ReadCloser
}

// openBundle opens all captured profiles of e before anything is sent, so that
// event.json speaks only of what will follow. One that is gone from disk will
// not come back: it is left out, and e says so. The caller closes the bundle.
func openBundle(e *holmes.Event) (_ *bundle, err error) {
	b := &bundle{id: e.ID}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	if err := checkName("event id", e.ID); err != nil {
		return nil, err
	}
	for i := range e.Profiles {
		p := &e.Profiles[i]
		if !p.Captured() {
			continue
		}
		if err := b.check(p.File); err != nil {
			return nil, err
		}
		r, err := p.Open()
		switch {
		case errors.Is(err, fs.ErrNotExist):
			*p = holmes.Profile{
				Kind: p.Kind, Start: p.Start, Duration: p.Duration, Err: err,
				Note: p.File + " was removed before it could be delivered",
			}
		case err != nil:
			return nil, err
		default:
			b.profiles = append(b.profiles, content{p.File, r})
		}
	}
	b.event, err = json.Marshal(e)
	if err != nil {
		return nil, holmes.Permanent(fmt.Errorf("holmes: encode %s: %w", eventFile, err))
	}
	return b, nil
}

func (b *bundle) close() {
	for _, p := range b.profiles {
		_ = p.Close() // nothing was written
	}
}

// check returns an error unless name can be that of the next profile.
func (b *bundle) check(name string) error {
	if err := checkName("profile file", name); err != nil {
		return err
	}
	taken := name == eventFile || name == summaryFile
	for _, p := range b.profiles {
		taken = taken || p.name == name
	}
	if taken {
		return holmes.Permanent(fmt.Errorf("holmes: profile file %q is there twice", name))
	}
	return nil
}
