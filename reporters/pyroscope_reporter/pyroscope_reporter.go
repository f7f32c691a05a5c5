// Package pyroscope_reporter keeps programs working that used the reporter of
// this path in mosn/holmes. It posts one profile at a time to Pyroscope, under
// the time at which it was taken.
//
// Deprecated: the reporters of the package reporters get whole events.
package pyroscope_reporter

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/pprofread"
	"github.com/go-holmes/holmes/reporters/internal/httpclient"
	"github.com/go-holmes/holmes/reporters/internal/ingest"
	"github.com/go-holmes/holmes/reporters/internal/pproftrim"
)

// RemoteConfig says where Pyroscope is.
type RemoteConfig struct {
	// AuthToken is sent as bearer authentication. Empty sends none.
	AuthToken string
	// UpstreamThreads is not used: holmes calls a reporter from one goroutine.
	UpstreamThreads int
	// UpstreamAddress is the server's URL; /ingest is put behind it.
	UpstreamAddress string
	// UpstreamRequestTimeout bounds a whole request. Zero means 30 s.
	UpstreamRequestTimeout time.Duration
	// ManualStart is not used: there is nothing to start.
	ManualStart bool
	// AllowPlainHTTP allows http to another machine than this. Everybody on
	// the way can then read the profiles and the token. mosn/holmes does not
	// have this field.
	AllowPlainHTTP bool
}

// PyroscopeReporter posts profiles to Pyroscope. It is safe for concurrent use.
type PyroscopeReporter struct {
	// AppName is the application with its tags: app{env=prod,zone=b}.
	AppName string
	// Tags are those that the application was made with.
	Tags map[string]string
	// Logger gets a debug line for each profile, unless it is nil.
	Logger holmes.Logger

	client *httpclient.Client
}

// NewPyroscopeReporter returns a reporter for an application, whose name may
// have tags of its own as in app{env=prod}; those of the argument win. A tag
// named __name__ is left out. It makes no connection.
//
// It fails on a name or tag that Pyroscope would refuse or take apart, and on
// an address that cannot be used.
func NewPyroscopeReporter(appName string, tags map[string]string, cfg RemoteConfig, logger holmes.Logger) (*PyroscopeReporter, error) {
	name, err := fullName(appName, tags)
	if err != nil {
		return nil, err
	}
	client, err := httpclient.New(httpclient.Config{
		URL: cfg.UpstreamAddress, Token: cfg.AuthToken,
		Timeout: cfg.UpstreamRequestTimeout, PlainHTTP: cfg.AllowPlainHTTP,
	})
	if err != nil {
		return nil, err
	}
	return &PyroscopeReporter{AppName: name, Tags: tags, Logger: logger, client: client}, nil
}

// Report posts pprofBytes under the time that is in the profile, and under
// sampleTime if there is none. Labels and names that are not UTF-8 are made text. The
// other arguments are not sent, and no file is read.
//
// An answer that no retry will mend is an error marked by [holmes.Permanent].
func (r *PyroscopeReporter) Report(pType string, _ string, _ holmes.ReasonType, eventID string, sampleTime time.Time, pprofBytes []byte, _ holmes.Scene) error {
	start, took, err := pprofread.Times(pprofBytes)
	if err != nil || start.IsZero() {
		start, took = sampleTime, 0
	}
	query := ingest.Query(r.AppName, start, took)
	query.Set("format", "pprof")
	_, err = r.client.Post(context.Background(), httpclient.Request{
		Path:   ingest.Path,
		Query:  query,
		Header: http.Header{"Content-Type": {"application/octet-stream"}},
		Body:   bytes.NewReader(text(pprofBytes)),
	})
	if err == nil && r.Logger != nil {
		r.Logger.Debugf("holmes: posted the %s profile of event %s to %s", pType, eventID, r.client.Target())
	}
	return ingest.Judge(err)
}

// text returns the profile with strings that are UTF-8. One that cannot be read is the
// server's to refuse.
func text(raw []byte) []byte {
	size, err := pproftrim.Scan(bytes.NewReader(raw))
	if err != nil || !size.NotText {
		return raw
	}
	out, err := pproftrim.Fit(bytes.NewReader(raw), size, pproftrim.Limits{})
	if err != nil {
		return raw
	}
	return out.Profile
}
