package files

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files/internal/segment"
)

// Commit stores the draft.
func (d *draft) Commit(ctx context.Context, r collector.Record) (collector.Receipt, error) {
	if err := d.sound(); err != nil {
		return collector.Receipt{}, err
	}
	defer d.end()
	rec, err := d.record(&r)
	if err != nil {
		return collector.Receipt{}, err
	}
	release, err := d.s.claim(ctx, r.Key)
	if err != nil {
		return collector.Receipt{}, err
	}
	defer release()
	if r.Key != "" {
		if known, err := d.s.Known(ctx, r.Key); collector.CodeOf(err) != collector.NotFound {
			return known, err
		}
	}
	return d.store(rec)
}

// record turns what the caller says into what the blob says.
func (d *draft) record(r *collector.Record) (*record, error) {
	rec := &record{Received: d.s.opts.Now().UTC(), Key: r.Key, Files: d.files}
	var profiles []collector.Meta
	switch {
	case (r.Event == nil) == (r.Profile == nil):
		return nil, collector.Errorf(collector.Invalid, "a record is an event or a profile")
	case r.Event != nil:
		e := r.Event
		if err := e.Validate(); err != nil {
			return nil, err
		}
		profiles, rec.Service, rec.Labels = e.Profiles, e.Service, e.Labels
		rec.Event = &eventRecord{
			ID: e.ID, State: e.State, Signal: e.Signal, Reason: e.Reason, Value: e.Value, Limit: e.Limit,
			Baseline: e.Baseline, At: e.At, Sentence: e.Sentence, Culprits: e.Culprits, Confident: e.Confident,
		}
	default:
		if err := r.Profile.Validate(); err != nil {
			return nil, err
		}
		profiles, rec.Service, rec.Labels = []collector.Meta{*r.Profile}, r.Profile.Service, r.Profile.Labels
	}
	if err := rec.describe(profiles); err != nil {
		return nil, err
	}
	return rec, nil
}

// describe says which files are which profiles.
func (r *record) describe(profiles []collector.Meta) error {
next:
	for i := range profiles {
		for n := range r.Files {
			if file := &r.Files[n]; file.Name == profiles[i].File {
				file.Kind, file.Created, file.Duration = profiles[i].Kind, profiles[i].CreatedAt, profiles[i].Duration
				continue next
			}
		}
		return collector.Errorf(collector.Invalid, "profile file %q was not sent", profiles[i].File)
	}
	if r.alone() && len(r.Files) != 1 {
		return collector.Errorf(collector.Invalid, "a profile is one file, not %d", len(r.Files))
	}
	return nil
}

// store gives the draft a place, makes it durable there, and visible. The order
// is what makes an acknowledgement true: content and record, synced; the name,
// synced; then the index, which the next process can make of the rest.
func (d *draft) store(rec *record) (receipt collector.Receipt, err error) {
	id, sh, err := d.s.begin()
	if err != nil {
		return receipt, err
	}
	rec.ID = id.String()
	rows, err := d.place(id, sh, rec)
	if err != nil {
		d.s.abandon(sh)
		return receipt, err
	}
	d.s.finish(id, sh, rec, rows, d.reserved)
	d.reserved = 0
	d.s.sealFull()
	return rec.receipt(id, true), nil
}

// place makes the draft durable at its place, and returns what to index.
func (d *draft) place(id blobID, sh *shelf, rec *record) ([]segment.Row, error) {
	rows, err := rec.rows(id)
	if err != nil {
		return nil, err
	}
	if err := d.seal(rec); err != nil {
		return nil, err
	}
	path := d.s.blobPath(id)
	if err := os.Rename(d.file.Name(), path); err != nil {
		return nil, fmt.Errorf("holmes: commit: %w", diskError(err))
	}
	d.placed = true
	if err := sh.names.sync(); err != nil {
		// It may be there after a crash, or not: nobody was told.
		return nil, errors.Join(fmt.Errorf("holmes: commit: %w", diskError(err)), os.Remove(path))
	}
	return rows, nil
}

// seal writes what is in memory and the record behind it, and syncs the file.
func (d *draft) seal(rec *record) error {
	footer, err := rec.footer()
	if err != nil {
		return err
	}
	if err := d.put(footer); err != nil {
		return err
	}
	if err := d.flush(); err != nil {
		return err
	}
	if err := d.s.syncFile(d.file); err != nil {
		return fmt.Errorf("holmes: commit: %w", diskError(err))
	}
	rec.size = d.size + int64(len(footer))
	return nil
}
