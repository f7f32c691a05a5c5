package source

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/internal/units"
)

// A Remote is a collector.
type Remote struct {
	base  *url.URL
	token string
	http  *http.Client
}

// answerTimeout is how long a collector may take to begin an answer.
const answerTimeout = time.Minute

// NewRemote returns the collector at an address, which is sent the token if there
// is one. A token leaves this machine under TLS only, unless plain allows it.
func NewRemote(address, token string, plain bool) (*Remote, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fmt.Errorf("holmes: -server: %q is not a URL like https://holmes.example.com", address)
	}
	if token != "" && !plain && base.Scheme == "http" && !loopback(base.Hostname()) {
		return nil, fmt.Errorf("holmes: -server: %s is not https: others could read the token; -plain-http sends it all the same", base.Redacted())
	}
	return &Remote{base: base, token: token, http: &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: answerTimeout, DisableKeepAlives: true,
		},
		// A redirect would turn a POST into a GET, and may lead elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// URL is the address of a page or a route.
func (r *Remote) URL(path ...string) string { return r.base.JoinPath(path...).String() }

// do makes a request and returns the answer's body.
func (r *Remote) do(ctx context.Context, method, path string, query url.Values, body io.Reader) (io.ReadCloser, error) {
	u := r.base.JoinPath(path)
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, fmt.Errorf("holmes: %w", err)
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	resp, err := r.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("holmes: %w", err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		defer resp.Body.Close()
		return nil, answerError(resp)
	}
	return resp.Body, nil
}

// answerError is the error that a collector has answered.
func answerError(resp *http.Response) error {
	if to := resp.Header.Get("Location"); to != "" {
		return collector.Errorf(collector.Invalid, "%s redirects to %.200s, which is not followed: give that address to -server", resp.Request.URL.Host, to)
	}
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, 4096)) // a part of the text is better than none
	var answer struct{ Error string }
	text := strings.TrimSpace(string(raw))
	if json.Unmarshal(raw, &answer) == nil && answer.Error != "" {
		text = answer.Error
	}
	code := collector.Internal
	if resp.StatusCode == http.StatusNotFound {
		code = collector.NotFound
	}
	return collector.Errorf(code, "%s answers %s: %.400s", resp.Request.URL.Host, resp.Status, text)
}

// get decodes the answer to a GET.
func (r *Remote) get(ctx context.Context, path string, query url.Values, to any) error {
	body, err := r.do(ctx, http.MethodGet, path, query, nil)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := json.NewDecoder(body).Decode(to); err != nil {
		return fmt.Errorf("holmes: the answer to %s: %w", path, err)
	}
	return nil
}

// values returns the parameters of a query. Labels are escaped twice: here, and
// when they are encoded.
func values(q collector.Query) url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("service", q.Service)
	set("type", string(q.Kind))
	set("labels", q.Labels.String())
	for i := range q.Matchers {
		v.Add("match", q.Matchers[i].String())
	}
	if !q.From.IsZero() {
		set("from", q.From.UTC().Format(time.RFC3339Nano))
	}
	if !q.To.IsZero() {
		set("to", units.FormatEnd(q.To))
	}
	if q.Limit > 0 {
		set("limit", strconv.Itoa(q.Limit))
	}
	return v
}

// Events returns the events that a query finds, the newest first.
func (r *Remote) Events(ctx context.Context, q collector.EventQuery) ([]api.Event, error) {
	v := values(collector.Query{Service: q.Service, Labels: q.Labels, Matchers: q.Matchers, From: q.From, To: q.To, Limit: q.Limit})
	for name, value := range map[string]string{"signal": q.Signal, "state": q.State, "culprit": q.Culprit} {
		if value != "" {
			v.Set(name, value)
		}
	}
	var answer struct{ Events []api.Event }
	err := r.get(ctx, "/api/1/events", v, &answer)
	return answer.Events, err
}

// Profiles returns the profiles that a query finds, the newest first.
func (r *Remote) Profiles(ctx context.Context, q collector.Query) ([]api.Profile, error) {
	var answer struct{ Profiles []api.Profile }
	err := r.get(ctx, "/api/1/profiles", values(q), &answer)
	return answer.Profiles, err
}

// Event returns one event.
func (r *Remote) Event(ctx context.Context, id string) (e api.Event, err error) {
	err = r.get(ctx, "/api/1/events/"+url.PathEscape(id), nil, &e)
	return e, err
}

// File opens a file of an event.
func (r *Remote) File(ctx context.Context, event, name string) (io.ReadCloser, error) {
	return r.do(ctx, http.MethodGet, "/api/1/events/"+url.PathEscape(event)+"/"+url.PathEscape(name), nil, nil)
}

// Profile opens a profile by its ID.
func (r *Remote) Profile(ctx context.Context, id string) (io.ReadCloser, error) {
	return r.do(ctx, http.MethodGet, "/api/0/profiles/"+url.PathEscape(id), nil, nil)
}

// Merged opens what the profiles that a query finds make together.
func (r *Remote) Merged(ctx context.Context, q collector.Query, over, instances string) (io.ReadCloser, error) {
	q.Limit = 0
	v := values(q)
	v.Set("over", over)
	v.Set("instances", instances)
	return r.do(ctx, http.MethodGet, "/api/1/merge", v, nil)
}

// Push stores a profile and returns its ID.
func (r *Remote) Push(ctx context.Context, service string, kind collector.Kind, labels collector.Labels, raw []byte) (id string, err error) {
	q := values(collector.Query{Service: service, Kind: kind, Labels: labels})
	answer, err := r.do(ctx, http.MethodPost, "/api/0/profiles", q, bytes.NewReader(raw))
	if err != nil {
		return "", err
	}
	defer answer.Close()
	var stored struct{ Body struct{ ID string } }
	if err := json.NewDecoder(answer).Decode(&stored); err != nil {
		return "", fmt.Errorf("holmes: the collector's answer: %w", err)
	}
	return stored.Body.ID, nil
}
