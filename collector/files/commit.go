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

// record makes the blob's record of the caller's.
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

// describe matches the profiles with the files.
func (r *record) describe(profiles []collector.Meta) error {
next:
	for i := range profiles {
		for n := range r.Files {
			if file := &r.Files[n]; file.Name == profiles[i].File {
				file.Kind, file.Created, file.Duration = profiles[i].Kind, profiles[i].CreatedAt, profiles[i].Duration
				file.Totals = profiles[i].Totals
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

// store gives the draft an ID, makes it durable, and then visible. An
// acknowledgement is true because of the order: content and record, synced; the
// name, synced; then the index, which the next process can rebuild from the rest.
func (d *draft) store(rec *record) (receipt collector.Receipt, err error) {
	var id blobID
	var open *openSegment
	err = d.s.withRoom(bufferSize, func() (err error) {
		id, open, err = d.s.begin()
		return err
	})
	if err != nil {
		return receipt, err
	}
	rec.ID = id.String()
	rows, err := d.persist(id, open, rec)
	if err != nil {
		d.s.abandon(id, open)
		return receipt, err
	}
	d.s.finish(id, open, rec, rows, d.reserved)
	d.reserved = 0
	d.s.sealFull()
	if err := d.s.keepQuota(rec.Service); err != nil {
		d.s.opts.Log.Sugar().Warnf("remove old uploads: %v", err) // the next sweep tries again
	}
	return rec.receipt(id, true), nil
}

// persist makes the draft durable under its name, and returns its rows.
func (d *draft) persist(id blobID, open *openSegment, rec *record) ([]segment.Row, error) {
	footer, err := rec.footer()
	if err != nil {
		return nil, err
	}
	rec.size = d.size + int64(len(footer))
	rows, err := rec.rows(id)
	if err != nil {
		return nil, err
	}
	if err := d.seal(footer); err != nil {
		return nil, err
	}
	path := d.s.blobPath(id)
	if err := d.s.withRoom(bufferSize, func() error { return os.Rename(d.file.Name(), path) }); err != nil {
		return nil, fmt.Errorf("holmes: commit: %w", diskError(err))
	}
	d.renamed = true
	if err := open.names.sync(); err != nil {
		// It may exist after a crash, or not: it was not acknowledged.
		return nil, errors.Join(fmt.Errorf("holmes: commit: %w", diskError(err)), os.Remove(path))
	}
	return rows, nil
}

// seal writes the buffer and the footer to the file, and syncs it.
func (d *draft) seal(footer []byte) error {
	if err := d.put(footer); err != nil {
		return err
	}
	if err := d.flush(); err != nil {
		return err
	}
	if err := d.s.withRoom(bufferSize, func() error { return d.s.syncFile(d.file) }); err != nil {
		return fmt.Errorf("holmes: commit: %w", diskError(err))
	}
	return nil
}
