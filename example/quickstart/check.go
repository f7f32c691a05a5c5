package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-holmes/holmes"
)

// check returns why a fault was not dealt with as it should have been: an event
// of its signal, confirmed, whole in the store and at the reporter, that names
// the guilty function and is sure of it.
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
	switch v := e.Diagnosis; {
	case !v.Confident:
		return fmt.Errorf("nobody is named: %s", v.Sentence)
	case v.Culprits[0].Function != f.guilty:
		return fmt.Errorf("%s is named, not %s", v.Culprits[0].Function, f.guilty)
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
	d.say("all is well: %d of %d faults were captured, confirmed and delivered, each with its guilty function named",
		len(d.faults), len(d.faults))
	return nil
}
