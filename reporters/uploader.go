package reporters

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/go-holmes/holmes"
)

// uploads is how many profiles an event has at most, or nearly so: if there are more,
// the next Report goes on with them.
const uploads = 16

// An uploader reports an event to a receiver that takes one profile at a time.
type uploader struct {
	memory memory
	// takes reports whether the receiver accepts profiles of a kind. Nil
	// means that it accepts all.
	takes func(holmes.Kind) bool
	// send uploads one profile. An error of [holmes.Permanent] is about that
	// profile alone.
	send func(context.Context, *holmes.Event, *holmes.Profile) error
}

// report uploads every profile that the receiver does not have yet. It ends at
// the first error that a retry may mend; the next report of the event goes on
// from there. Profiles that were refused do not keep the others back: they are
// the error in the end.
//
// A profile that is gone from disk will not come back: it is left out.
func (u *uploader) report(ctx context.Context, e *holmes.Event) error {
	if err := checkName("event id", e.ID); err != nil {
		return err
	}
	var all outcome
	for i := range e.Profiles {
		p := &e.Profiles[i]
		if !p.Captured() || u.takes != nil && !u.takes(p.Kind) {
			continue
		}
		if err := all.add(u.one(ctx, e, p)); err != nil {
			return err
		}
	}
	return all.err()
}

func (u *uploader) one(ctx context.Context, e *holmes.Event, p *holmes.Profile) error {
	if known, err := u.memory.recall(e.ID, p.File); known {
		return err
	}
	err := checkName("profile file", p.File)
	if err == nil {
		err = u.send(ctx, e, p)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		err = fmt.Errorf("%w (%s of event %s)", err, p.File, e.ID)
	}
	if err == nil || holmes.IsPermanent(err) {
		u.memory.settle(e.ID, p.File, err)
	}
	return err
}
