package reportertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-holmes/holmes"
)

// patience is how long a Report may take that should be done. It is reached
// only by one that hangs.
const patience = 30 * time.Second

// eventFile is checked for what it says, not for its bytes.
const eventFile = "event.json"

// A probe is one test with its target.
type probe struct {
	testing.TB
	Target
	patience time.Duration
}

// try reports an event and fails the test if that does not end.
func (p *probe) try(ctx context.Context, e *holmes.Event) error {
	p.Helper()
	copied := *e // a reporter may change its event
	copied.Profiles = slices.Clone(e.Profiles)
	done := make(chan error, 1)
	go func() {
		err := errors.New("the call panicked or ended its goroutine")
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("the call panicked: %v", v)
			}
			done <- err
		}()
		err = p.Reporter.Report(ctx, &copied)
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(p.patience):
		p.Fatalf("Report has not returned after %v", p.patience)
		return nil
	}
}

func (p *probe) report(e *holmes.Event) {
	p.Helper()
	if err := p.try(context.Background(), e); err != nil {
		p.Fatalf("Report: %v", err)
	}
}

// delivers reports an event and checks that it has arrived.
func (p *probe) delivers(e *holmes.Event) {
	p.Helper()
	p.report(e)
	p.holds(e)
}

// holds checks that the receiver holds the event.
func (p *probe) holds(e *holmes.Event) {
	p.Helper()
	p.received(e.ID, p.filesOf(e))
}

func (p *probe) received(id string, want map[string][]byte) {
	p.Helper()
	if p.Received != nil {
		p.same("the receiver", want, p.Received(id))
	}
}

// filesOf returns what a receiver is to hold of an event.
func (p *probe) filesOf(e *holmes.Event) map[string][]byte {
	p.Helper()
	out := map[string][]byte{}
	if e.Dir != "" {
		out = p.files(e.Dir)
	}
	for i := range e.Profiles {
		if profile := &e.Profiles[i]; profile.Captured() {
			out[profile.File] = p.content(profile)
		}
	}
	raw, err := e.MarshalJSON()
	if err != nil {
		p.Fatal(err)
	}
	out[eventFile] = raw
	return out
}

func (p *probe) content(profile *holmes.Profile) []byte {
	p.Helper()
	r, err := profile.Open()
	if err != nil {
		p.Fatal(err)
	}
	defer r.Close()
	raw, err := io.ReadAll(r)
	if err != nil {
		p.Fatal(err)
	}
	return raw
}

func (p *probe) files(dir string) map[string][]byte {
	p.Helper()
	out := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		p.Fatal(err)
	}
	for _, entry := range entries {
		if out[entry.Name()], err = os.ReadFile(filepath.Join(dir, entry.Name())); err != nil {
			p.Fatal(err)
		}
	}
	return out
}

// same compares two sets of files. What is more than wanted is not looked at,
// nor is a summary.txt, which not everybody sends.
func (p *probe) same(what string, want, got map[string][]byte) {
	p.Helper()
	for name, content := range want {
		switch has, ok := got[name]; {
		case name == "summary.txt":
		case !ok:
			p.Errorf("%s does not hold %s", what, name)
		case name == eventFile:
			p.sameEvent(what, content, has)
		case !bytes.Equal(content, has):
			p.Errorf("%s holds %s with %d other bytes, want %d", what, name, len(has), len(content))
		}
	}
}

func (p *probe) sameEvent(what string, want, got []byte) {
	p.Helper()
	var a, b holmes.Event
	if err := errors.Join(a.UnmarshalJSON(want), b.UnmarshalJSON(got)); err != nil {
		p.Errorf("%s holds an %s that cannot be read: %v", what, eventFile, err)
		return
	}
	describe := func(e *holmes.Event) string {
		var out strings.Builder
		fmt.Fprintf(&out, "%s %s at %s: %s", e.ID, e.State, e.At.UTC(), e.Sentence())
		for _, profile := range e.Profiles {
			fmt.Fprintf(&out, "; %s %s %q", profile.Kind, profile.File, profile.Note)
		}
		return out.String()
	}
	if describe(&a) != describe(&b) {
		p.Errorf("%s holds the event\n%s\nwant\n%s", what, describe(&b), describe(&a))
	}
}
