// Package http_reporter keeps programs working that used the reporter of this
// path in mosn/holmes. It posts one profile at a time in that project's form.
//
// Deprecated: use reporters.NewHTTP, which posts whole events.
package http_reporter

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters/internal/form"
	"github.com/go-holmes/holmes/reporters/internal/httpclient"
)

// Response is what the receiver answers. A Code of 1 means that it has stored
// the profile.
type Response struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// HttpReporter posts profiles in the form of mosn/holmes. It is safe for
// concurrent use.
type HttpReporter struct {
	token  string
	client *httpclient.Client
	err    error // why there is no client
}

// NewReporter returns a reporter that posts each profile to url with the token
// in a form field. A URL that cannot be used, or that is plain http to another
// machine, is an error of every Report: see [NewPlainHTTPReporter].
func NewReporter(token string, url string) holmes.ProfileReporter {
	return newReporter(token, url, false)
}

// NewPlainHTTPReporter is [NewReporter] with http to other machines allowed.
// Everybody on the way can then read the profiles and the token.
func NewPlainHTTPReporter(token string, url string) holmes.ProfileReporter {
	return newReporter(token, url, true)
}

func newReporter(token, url string, plain bool) *HttpReporter {
	client, err := httpclient.New(httpclient.Config{
		URL: url, Secret: token, PlainHTTP: plain,
	})
	return &HttpReporter{token, client, holmes.Permanent(err)}
}

// Report posts pprofBytes as multipart/form-data: the file "profile" named
// go-pprof-profile, and the fields token, profile_type, event_id and comment,
// which is the reason in words. The other arguments are not sent, and no file
// is read. It takes 30 s at most.
//
// Any answer but {"code":1} is an error. It is marked by [holmes.Permanent]
// unless the status is 401, 403, 404, 407, 408, 425, 429, 5xx or a redirect.
func (r *HttpReporter) Report(pType string, _ string, reason holmes.ReasonType, eventID string, _ time.Time, pprofBytes []byte, _ holmes.Scene) error {
	if r.err != nil {
		return r.err
	}
	f := form.New()
	f.Part("profile", "go-pprof-profile", "application/octet-stream", bytes.NewReader(pprofBytes))
	f.Field("token", r.token)
	f.Field("profile_type", pType)
	f.Field("event_id", eventID)
	f.Field("comment", reason.String())
	body, contentType := f.Body()
	answer, err := r.client.Post(context.Background(), httpclient.Request{
		Header: http.Header{"Content-Type": {contentType}},
		Body:   body,
	})
	if err != nil {
		return err
	}
	return r.judge(answer)
}

func (r *HttpReporter) judge(answer []byte) error {
	var response Response
	if err := json.Unmarshal(answer, &response); err != nil {
		return holmes.Permanent(fmt.Errorf("holmes: %s gave an answer that is not JSON: %s", r.client.Target(), r.client.Reason(answer)))
	}
	if response.Code != 1 {
		return holmes.Permanent(fmt.Errorf("holmes: %s answered code %d: %s", r.client.Target(), response.Code, r.client.Reason([]byte(response.Message))))
	}
	return nil
}
