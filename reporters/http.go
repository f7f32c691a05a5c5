package reporters

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters/internal/form"
	"github.com/go-holmes/holmes/reporters/internal/httpclient"
)

// HTTP is a [holmes.Reporter] that posts whole events to one receiver. It is
// safe for concurrent use, and holds no connection and no goroutine between
// two reports.
type HTTP struct {
	client *httpclient.Client
	labels map[string]string
}

// NewHTTP returns a reporter that posts each event to url, which is used as it
// is. It makes no connection. The error says what is wrong with the URL or an
// option, without repeating a secret.
//
// The request is multipart/form-data: a part "event" of type application/json,
// which is event.json, then a part "profile" for each file, under the file name
// that event.json gives it. The profiles are streamed, one buffer at a time.
// The header Idempotency-Key is the event's ID.
//
// Any 2xx status means that the event is stored. On 408, 425, 429, 5xx and
// errors of the network the delivery is retried, after Retry-After if the
// answer has one. On 401, 403, 404, 407 and redirects, which are not followed, it is
// retried every few minutes, while the event is kept. Any other answer is an error
// marked by [holmes.Permanent].
func NewHTTP(url string, opts ...HTTPOption) (*HTTP, error) {
	return newHTTP("NewHTTP", url, "", opts)
}

// NewCollector is [NewHTTP] for holmes's own collector at url: whole events go
// to its /api/1/events, which url may end in. It stores an event once, however often
// it comes, and answers 200 to one that it has.
func NewCollector(url string, opts ...HTTPOption) (*HTTP, error) {
	const path = "/api/1/events"
	return newHTTP("NewCollector", strings.TrimSuffix(strings.TrimRight(url, "/"), path), path, opts)
}

func newHTTP(reporter, url, path string, opts []HTTPOption) (*HTTP, error) {
	s, err := newSettings(reporter, url, opts)
	if err != nil {
		return nil, err
	}
	s.http.Path = path
	client, err := httpclient.New(s.http)
	if err != nil {
		return nil, err
	}
	return &HTTP{client, s.labels}, nil
}

// Name is where it posts to, without user info and query.
func (h *HTTP) Name() string { return h.client.Target() }

// Timeout is how long a Report may take, as set by [WithTimeout], else 0.
func (h *HTTP) Timeout() time.Duration { return h.client.Timeout() }

// Report posts an event and returns when the receiver has answered.
func (h *HTTP) Report(ctx context.Context, e *holmes.Event) error {
	b, err := openBundle(labelled(e, h.labels))
	if err != nil {
		return err
	}
	defer b.close()
	f := form.New()
	f.Part("event", "", "application/json", bytes.NewReader(b.event))
	for _, p := range b.profiles {
		f.Part("profile", p.name, "application/octet-stream", p)
	}
	body, contentType := f.Body()
	return h.client.Send(ctx, httpclient.Request{
		Header: http.Header{"Content-Type": {contentType}, "Idempotency-Key": {b.id}},
		Body:   body,
	})
}
