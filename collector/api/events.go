package api

import (
	"context"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/go-holmes/holmes/collector"
)

// postEvent takes a whole event: first the part "event", then a part "profile"
// for each file that event.json names.
func (h *Handler) postEvent(w http.ResponseWriter, r *http.Request) error {
	parts, err := partsOf(r)
	if err != nil {
		return err
	}
	d, err := h.store.Draft(r.Context())
	if err != nil {
		return err
	}
	defer d.Discard()
	event, err := h.receiveEvent(d, parts)
	if err != nil {
		return err
	}
	if key := r.Header.Get("Idempotency-Key"); key != "" && key != event.ID {
		return collector.Errorf(collector.Invalid, "Idempotency-Key %.80q is not the event's id, %q", key, event.ID)
	}
	receipt, err := h.store.Known(r.Context(), collector.EventKey(event.ID))
	switch collector.CodeOf(err) {
	case "":
		// The rest is received and dropped, so that the answer is read.
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return clientError(err)
		}
	case collector.NotFound:
		if receipt, err = h.receiveProfiles(r.Context(), d, event, parts); err != nil {
			return err
		}
	default:
		return err
	}
	status := http.StatusOK
	if receipt.Created {
		status = http.StatusCreated
	}
	writeJSON(w, status, map[string]string{"id": event.ID})
	return nil
}

// partsOf returns the parts of a multipart body.
func partsOf(r *http.Request) (*multipart.Reader, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, collector.Errorf(collector.Invalid, "the body is not multipart/form-data: %w", err)
	}
	return parts, nil
}

// nextPart returns the next part, and nil after the last one. A wrapped EOF is
// a body that ended early.
func nextPart(parts *multipart.Reader) (*multipart.Part, error) {
	part, err := parts.NextRawPart()
	if err == io.EOF {
		return nil, nil
	}
	return part, partError(err)
}

// partError tells a body that is no multipart from a connection that failed.
func partError(err error) error {
	if err == nil || failureOf(clientError(err)).code != collector.Internal {
		return clientError(err)
	}
	return collector.Errorf(collector.Invalid, "the body is not multipart/form-data: %w", err)
}

// receiveEvent receives event.json.
func (h *Handler) receiveEvent(d collector.Draft, parts *multipart.Reader) (*collector.Event, error) {
	part, err := nextPart(parts)
	if err != nil {
		return nil, err
	}
	if part == nil || part.FormName() != "event" {
		return nil, collector.Errorf(collector.Invalid, `the first part is not "event"`)
	}
	if err := receive(d, collector.EventFile, part, collector.MaxEventFile); err != nil {
		return nil, err
	}
	file, err := d.Read(collector.EventFile)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	return collector.ReadEvent(raw)
}

// receiveProfiles receives the profiles of an event and stores all of it.
func (h *Handler) receiveProfiles(ctx context.Context, d collector.Draft, e *collector.Event, parts *multipart.Reader) (receipt collector.Receipt, err error) {
	expected := map[string]*collector.Meta{}
	for i := range e.Profiles {
		expected[e.Profiles[i].File] = &e.Profiles[i]
	}
	for {
		part, err := nextPart(parts)
		if err != nil {
			return receipt, err
		}
		if part == nil {
			break
		}
		if err := h.receivePart(d, expected, part); err != nil {
			return receipt, err
		}
	}
	for name := range expected {
		return receipt, collector.Errorf(collector.Invalid, "profile file %q was not sent", name)
	}
	return d.Commit(ctx, collector.Record{Key: collector.EventKey(e.ID), Event: e})
}

// receivePart receives one of the expected profiles.
func (h *Handler) receivePart(d collector.Draft, expected map[string]*collector.Meta, part *multipart.Part) error {
	name := part.FileName()
	m := expected[name]
	if part.FormName() != "profile" || m == nil {
		return collector.Errorf(collector.Invalid, "part %.40q with file name %.80q is not one that event.json speaks of",
			part.FormName(), name)
	}
	delete(expected, name)
	info, err := h.receiveProfile(d, name, part, m.Kind)
	if err != nil {
		return collector.Prefix(err, name)
	}
	h.complete(m, &info)
	return nil
}
