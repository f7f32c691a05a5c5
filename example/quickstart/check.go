package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/example/shop"
)

// check returns an error unless the fault has a confirmed event that is complete
// in the store and at the reporter, and names the guilty function with confidence.
func (d *demo) check(f shop.Fault) error {
	e := d.event(f)
	switch {
	case e == nil:
		return fmt.Errorf("no event; holmes says: %s", d.holmes.WhyNot(holmes.Signal(f.Signal)))
	case e.State != holmes.StateConfirmed:
		return fmt.Errorf("the event is %s, not confirmed", e.State)
	}
	for _, dir := range []string{d.evidence(), d.delivered()} {
		if err := complete(filepath.Join(dir, e.ID)); err != nil {
			return err
		}
	}
	switch v := e.Diagnosis; {
	case !v.Confident:
		return fmt.Errorf("no culprit is named: %s", v.Sentence)
	case v.Culprits[0].Function != f.Guilty:
		return fmt.Errorf("%s is named, not %s", v.Culprits[0].Function, f.Guilty)
	}
	return nil
}

// complete returns an error if a file of an event is missing in a directory.
func complete(dir string) error {
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
