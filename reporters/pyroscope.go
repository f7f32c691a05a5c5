package reporters

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters/internal/form"
	"github.com/go-holmes/holmes/reporters/internal/httpclient"
	"github.com/go-holmes/holmes/reporters/internal/ingest"
	"github.com/go-holmes/holmes/reporters/internal/pproftrim"
)

// Pyroscope is a [holmes.Reporter] that uploads the profiles of events to
// Pyroscope. It is safe for concurrent use, and holds no connection and no
// goroutine between two reports.
type Pyroscope struct {
	client   *httpclient.Client
	labels   map[string]string
	tenant   string
	limits   PyroscopeLimits
	uploader uploader
}

// NewPyroscope returns a reporter for the Pyroscope server at url; profiles go
// to its /ingest, one request each. It makes no connection. See [WithToken] and
// [WithBasicAuth] for a proxy in front of it, and [WithTenant].
//
// A profile is filed under the event's label "service", and the time that it
// speaks of: a CPU profile from its begin to its end. Its labels are those of
// [NewProfefe], in a form that Pyroscope takes: other characters than letters,
// digits and '_' in names become '_', as do those that separate labels in
// values. To see one event select {event="<id>"}. Profiles of [holmes.WithContinuous]
// have neither event nor file as labels, so that those of an instance are one series
// for each version and kind, for as long as it runs. Heap profiles hold what was
// allocated since the process started; they are not to be added up.
//
// # Limits
//
// Pyroscope refuses what is too large or too old, and a receiver that was away
// for an hour would get nothing; so profiles are made to fit. See
// [WithPyroscopeLimits] for a server with limits of its own.
//
//   - Of a profile with too many samples or bytes the smallest samples are put
//     into one, "other", so that the total stays. That takes some times the
//     memory of the profile uncompressed, which may be 32 MiB; others are streamed.
//   - A profile that is too old is moved to the oldest time that is taken, and
//     gets the label "taken", which holds its own time, for one of the timetable
//     its hour.
//   - Labels beyond the limit are left out.
//
// Labels and names that are not UTF-8, such as goroutine labels with binary digests, are
// made text: Pyroscope would refuse the profile.
//
// Traces are no profiles: they are not sent.
//
// # Answers
//
// As with [NewHTTP], except for 422: Pyroscope says it of a profile that it
// cannot read, which no retry will mend, and of a store behind it that is
// unavailable, which is retried. A profile that is refused does not keep the
// event's others back. Of deliveries that end half-way or are repeated, see
// [NewProfefe]: Pyroscope, too, takes every upload for a new one.
func NewPyroscope(url string, opts ...HTTPOption) (*Pyroscope, error) {
	s, err := newSettings("NewPyroscope", url, opts, "WithTenant", "WithPyroscopeLimits")
	if err != nil {
		return nil, err
	}
	s.http.Path = ingest.Path
	client, err := httpclient.New(s.http)
	if err != nil {
		return nil, err
	}
	p := &Pyroscope{client: client, labels: s.labels, tenant: s.tenant, limits: s.limits.orDefaults()}
	p.uploader.send = p.send
	p.uploader.takes = func(k holmes.Kind) bool { return k != "trace" }
	return p, nil
}

// Name is where it posts to, without user info and query.
func (p *Pyroscope) Name() string { return p.client.Target() }

// Timeout is how long a Report may take if [WithTimeout] is given, else 0.
func (p *Pyroscope) Timeout() time.Duration { return uploads * p.client.Timeout() }

// Report uploads the event's profiles and returns when all are answered.
func (p *Pyroscope) Report(ctx context.Context, e *holmes.Event) error {
	return p.uploader.report(ctx, labelled(e, p.labels))
}

func (p *Pyroscope) send(ctx context.Context, e *holmes.Event, profile *holmes.Profile) error {
	size, err := scan(profile)
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	start, took := size.Start, size.Duration
	if start.IsZero() {
		start, took = profile.Start, profile.Duration
	}
	if start.IsZero() {
		start = e.At
	}
	labels, exact := profileLabels(e, profile), time.Second
	if scheduled(e) { // without an end, so nothing may make a series for each
		delete(labels, labelEvent)
		delete(labels, labelFile)
		exact = time.Hour
	}
	fit := pproftrim.Limits{Bytes: p.limits.Bytes, Samples: p.limits.Samples}
	if oldest := p.limits.oldest(time.Now()); start.Before(oldest) {
		labels["taken"] = start.UTC().Truncate(exact).Format(time.RFC3339)
		start = oldest
		if !size.Start.IsZero() { // else the time in the query counts
			fit.Start = start
		}
	}
	body, err := p.open(profile, size, fit)
	if err != nil {
		return err
	}
	defer body.Close()
	return p.post(ctx, profile.Kind, pyroscopeName(serviceOf(e), labels, p.limits.Labels), start, took, body)
}

// scan returns what the profile says of itself. What cannot be read is sent as
// it is: it is the server's to refuse it.
func scan(profile *holmes.Profile) (pproftrim.Size, error) {
	in, err := profile.Open()
	if err != nil {
		return pproftrim.Size{}, err
	}
	defer in.Close()
	return pproftrim.Scan(in)
}

// open returns what to send of a profile: the file, or what it was made to fit.
func (p *Pyroscope) open(profile *holmes.Profile, size pproftrim.Size, fit pproftrim.Limits) (io.ReadCloser, error) {
	in, err := profile.Open()
	asItIs := fit.Start.IsZero() && !size.NotText
	tooLarge := fit.Bytes > 0 && size.Bytes > fit.Bytes || fit.Samples > 0 && size.Samples > fit.Samples
	if err != nil || !tooLarge && asItIs {
		return in, err
	}
	defer in.Close()
	out, err := pproftrim.Fit(in, size, fit)
	if err != nil {
		return nil, holmes.Permanent(err)
	}
	return io.NopCloser(bytes.NewReader(out.Profile)), nil
}

func (p *Pyroscope) post(ctx context.Context, kind holmes.Kind, name string, start time.Time, took time.Duration, body io.Reader) error {
	r := httpclient.Request{Query: ingest.Query(name, start, took), Body: body}
	contentType := "application/octet-stream"
	if config := sampleTypes(kind); config == "" {
		// With this the server takes the body as it is, without it for a form.
		r.Query.Set("format", "pprof")
	} else {
		f := form.New()
		f.Part("profile", "profile.pprof", contentType, body)
		f.Part("sample_type_config", "sample_type_config.json", "application/json", bytes.NewReader([]byte(config)))
		r.Body, contentType = f.Body()
	}
	r.Header = http.Header{"Content-Type": {contentType}}
	if p.tenant != "" {
		r.Header.Set("X-Scope-Orgid", p.tenant)
	}
	return ingest.Judge(p.client.Send(ctx, r))
}

// sampleTypes says how the server is to take the columns of a profile, where it
// would not know by itself: those of a block profile are called like those of a
// mutex profile, for which it would take it.
func sampleTypes(kind holmes.Kind) string {
	if kind != "block" {
		return ""
	}
	return `{"contentions":{"units":"lock_samples","display-name":"block_count"},` +
		`"delay":{"units":"lock_nanoseconds","display-name":"block_duration"}}`
}
