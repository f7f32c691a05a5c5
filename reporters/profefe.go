package reporters

import (
	"context"
	"maps"
	"net/http"
	neturl "net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters/internal/httpclient"
)

// Profefe is a [holmes.Reporter] that uploads the profiles of events to a
// profefe collector. It is safe for concurrent use, and holds no connection and
// no goroutine between two reports.
type Profefe struct {
	client   *httpclient.Client
	labels   map[string]string
	uploader uploader
}

// NewProfefe returns a reporter for the profefe collector at url; profiles go
// to its /api/0/profiles, one request each, streamed. It makes no connection.
//
// A profile is filed under the event's label "service" and under its kind;
// kinds that profefe does not know are "other". Its labels are those of the
// event, and
//
//	event   the event's ID
//	reason  why it was taken: abs, diff, slow, manual, ...
//	file    its name in the event, which tells two heap profiles apart
//
// so that ?service=shop&type=cpu&labels=event=... finds it, and labels=reason=...
// all of a kind.
//
// # What is delivered twice
//
// Profefe takes every upload for a new one. The reporter remembers what of its
// last 256 events has arrived, so an event that was interrupted half-way goes
// on where it stopped, and a repeat sends nothing. Only what arrived without an
// answer, or before a restart of the process, is there twice; the copies have
// the same labels event and file.
//
// # Answers
//
// As with [NewHTTP]; a profile that profefe refuses does not keep the event's
// others back. Profefe stores profiles only, so events without one count as
// delivered.
func NewProfefe(url string, opts ...HTTPOption) (*Profefe, error) {
	s, err := newSettings("NewProfefe", url, opts)
	if err != nil {
		return nil, err
	}
	s.http.Path = "api/0/profiles"
	client, err := httpclient.New(s.http)
	if err != nil {
		return nil, err
	}
	p := &Profefe{client: client, labels: s.labels}
	p.uploader.send = p.send
	return p, nil
}

// Name is where it posts to, without user info and query.
func (p *Profefe) Name() string { return p.client.Target() }

// Timeout is how long a Report may take if [WithTimeout] is given, else 0.
func (p *Profefe) Timeout() time.Duration { return uploads * p.client.Timeout() }

// Report uploads the event's profiles and returns when all are answered.
func (p *Profefe) Report(ctx context.Context, e *holmes.Event) error {
	return p.uploader.report(ctx, labelled(e, p.labels))
}

func (p *Profefe) send(ctx context.Context, e *holmes.Event, profile *holmes.Profile) error {
	body, err := profile.Open()
	if err != nil {
		return err
	}
	defer body.Close()
	taken := profile.Start
	if taken.IsZero() {
		taken = e.At
	}
	return p.client.Send(ctx, httpclient.Request{
		Query: neturl.Values{
			"service":    {serviceOf(e)},
			"type":       {profefeType(profile.Kind)},
			"labels":     {profefeLabels(profileLabels(e, profile))},
			"created_at": {taken.UTC().Format("2006-01-02T15:04:05")},
		},
		Header: http.Header{"Content-Type": {"application/octet-stream"}},
		Body:   body,
	})
}

func profefeType(k holmes.Kind) string {
	switch k {
	case "cpu", "heap", "block", "mutex", "goroutine", "threadcreate", "trace":
		return string(k)
	default:
		return "other"
	}
}

// profefeLabels writes labels as profefe reads them: it splits at commas, then
// at the first '=', and only then takes each side's escapes back.
func profefeLabels(labels map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(neturl.QueryEscape(k) + "=" + neturl.QueryEscape(labels[k]))
	}
	return b.String()
}
