package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/diagnose"
)

// check returns why a fault was not dealt with as it should have been: an event
// of its signal, confirmed, whole in the store and at the reporter, and with a
// profile in which the guilty function has grown most.
func (d *demo) check(f fault) error {
	e := d.event(f)
	switch {
	case e == nil:
		return fmt.Errorf("no event; holmes says: %s", d.holmes.WhyNot(f.signal))
	case e.State != holmes.StateConfirmed:
		return fmt.Errorf("the event is %s, not confirmed", e.State)
	}
	for _, dir := range []string{d.evidence(), d.delivered()} {
		if err := whole(filepath.Join(dir, e.ID)); err != nil {
			return err
		}
	}
	before, after, err := d.pair(f, e)
	if err != nil {
		return err
	}
	grown := diagnose.Growth(before, after, diagnose.Options{Module: mainModule()})
	switch {
	case len(grown) == 0:
		return errors.New("nothing has grown in its profile")
	case grown[0].Function != f.guilty:
		return fmt.Errorf("%s has grown most, not %s", grown[0].Function, f.guilty)
	}
	return nil
}

// whole reports what is missing of an event in a directory.
func whole(dir string) error {
	e, err := holmes.LoadEvent(dir)
	if err != nil {
		return err
	}
	for i := range e.Profiles {
		if p := &e.Profiles[i]; p.File != "" {
			if _, err := os.Stat(p.Path); err != nil {
				return err
			}
		}
	}
	return nil
}

// pair returns the profiles of the calm phase and of an event.
func (d *demo) pair(f fault, e *holmes.Event) (before, after *diagnose.Profile, err error) {
	if before, err = parsed(d.calm.Profile(f.kind)); err != nil {
		return nil, nil, fmt.Errorf("the calm profile: %w", err)
	}
	if after, err = parsed(e.Profile(f.kind)); err != nil {
		return nil, nil, fmt.Errorf("the event's profile: %w", err)
	}
	return before, after, nil
}

func mainModule() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return info.Main.Path
}

func parsed(p *holmes.Profile) (*diagnose.Profile, error) {
	if p == nil {
		return nil, errors.New("was not captured")
	}
	r, err := p.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return diagnose.Parse(raw)
}

// explain prints what an event looks like against the calm phase. Holmes does
// not have that to compare with when the event is new.
func (d *demo) explain(f fault, e *holmes.Event) {
	before, after, err := d.pair(f, e)
	if err != nil {
		fmt.Fprintf(d.out, "  %v\n", err)
		return
	}
	verdict := diagnose.Judge(string(f.kind), before, after, diagnose.Options{Module: mainModule()})
	fmt.Fprintf(d.out, "  against the calm phase: %s\n", verdict.Sentence)
	fmt.Fprintf(d.out, "  go tool pprof -http=: -diff_base %s %s\n", d.calm.Profile(f.kind).Path, e.Profile(f.kind).Path)
}

// verdict sums up a run with -once.
func (d *demo) verdict(failed []string) error {
	for _, r := range d.holmes.Stats().Reporters {
		if len(r.Dropped) > 0 || r.Delivered < uint64(len(d.faults)) {
			failed = append(failed, fmt.Sprintf("%s: %d delivered, dropped %v, last error %v", r.Name, r.Delivered, r.Dropped, r.LastErr))
		}
	}
	if len(failed) > 0 {
		return errors.New(strings.Join(failed, "; "))
	}
	d.say("all is well: %d of %d faults were captured, confirmed and delivered, each with its guilty function first",
		len(d.faults), len(d.faults))
	return nil
}
