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
func (in *intake) postEvent(w http.ResponseWriter, r *http.Request) error {
	d, err := in.store.Draft(r.Context())
	if err != nil {
		return err
	}
	defer d.Discard()
	u := &eventUpload{intake: in, draft: d, expected: map[string]*collector.Meta{}}
	for part, err := range partsOf(r) {
		if err == nil {
			err = u.receive(r, part)
		}
		if err != nil {
			return err
		}
		if u.known != nil {
			// The rest is received and dropped, so that the answer is read.
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return clientError(err)
			}
			break
		}
	}
	receipt, err := u.commit(r.Context())
	if err != nil {
		return err
	}
	status := http.StatusOK
	if receipt.Created {
		status = http.StatusCreated
	}
	writeJSON(w, status, map[string]string{"id": u.event.ID})
	return nil
}

// An eventUpload is an event that is being received.
type eventUpload struct {
	*intake
	draft    collector.Draft
	event    *collector.Event           // nil before the first part
	expected map[string]*collector.Meta // profiles that are still to come, by file
	known    *collector.Receipt         // of an event that is stored already
}

func (u *eventUpload) receive(r *http.Request, part *multipart.Part) (err error) {
	if u.event != nil {
		return u.receiveFile(part)
	}
	if u.event, err = receiveEvent(u.draft, part); err != nil {
		return err
	}
	if err := checkService(r.Context(), u.event.Service); err != nil {
		return err
	}
	if key := r.Header.Get("Idempotency-Key"); key != "" && key != u.event.ID {
		return collector.Errorf(collector.Invalid, "Idempotency-Key %.80q is not the event's id, %q", key, u.event.ID)
	}
	u.event.At = u.past(u.event.At)
	for i := range u.event.Profiles {
		u.expected[u.event.Profiles[i].File] = &u.event.Profiles[i]
	}
	receipt, err := u.store.Known(r.Context(), collector.EventKey(u.event.ID))
	if err == nil {
		u.known = &receipt
	}
	if collector.CodeOf(err) == collector.NotFound {
		return nil
	}
	return err
}

// receiveEvent receives event.json.
func receiveEvent(d collector.Draft, part *multipart.Part) (*collector.Event, error) {
	if part.FormName() != "event" {
		return nil, errNoEvent()
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

func errNoEvent() error { return collector.Errorf(collector.Invalid, `the first part is not "event"`) }

// receiveFile receives one of the expected profiles.
func (u *eventUpload) receiveFile(part *multipart.Part) error {
	name := part.FileName()
	m := u.expected[name]
	if part.FormName() != "profile" || m == nil {
		return collector.Errorf(collector.Invalid, "part %.40q with file name %.80q is not named in event.json",
			part.FormName(), name)
	}
	delete(u.expected, name)
	info, err := u.receiveProfile(u.draft, name, part, m.Kind)
	if err != nil {
		return collector.Prefix(err, name)
	}
	u.complete(m, &info)
	return nil
}

// commit stores the event if it is complete.
func (u *eventUpload) commit(ctx context.Context) (receipt collector.Receipt, err error) {
	if u.known != nil {
		return *u.known, nil
	}
	if u.event == nil {
		return receipt, errNoEvent()
	}
	for name := range u.expected {
		return receipt, collector.Errorf(collector.Invalid, "profile file %q was not sent", name)
	}
	return u.draft.Commit(ctx, collector.Record{Key: collector.EventKey(u.event.ID), Event: u.event})
}
