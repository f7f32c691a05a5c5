package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/api"
)

// A remote is a collector.
type remote struct {
	base  *url.URL
	token string
	http  *http.Client
}

// patience is how long a collector may take to begin an answer.
const patience = time.Minute

func newRemote(address, token string) (*remote, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, usageError{fmt.Errorf("holmes: -server: %q is not a URL like https://holmes.example.com", address)}
	}
	return &remote{base: base, token: token, http: &http.Client{Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: patience, DisableKeepAlives: true,
	}}}, nil
}

// do makes a request and returns the answer's body.
func (r *remote) do(ctx context.Context, method, path string, query url.Values, body io.Reader) (io.ReadCloser, error) {
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
		return nil, refusal(resp)
	}
	return resp.Body, nil
}

// refusal is the error that a collector has answered.
func refusal(resp *http.Response) error {
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, 4096)) // what came of it is better than nothing
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

// get asks for an object.
func (r *remote) get(ctx context.Context, path string, query url.Values, to any) error {
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

// values are a query as addresses have it. Labels are escaped twice: once here.
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
	if !q.From.IsZero() {
		set("from", q.From.UTC().Format(time.RFC3339Nano))
	}
	if !q.To.IsZero() {
		set("to", q.To.UTC().Add(-1).Format(time.RFC3339Nano)) // there, the end is inside
	}
	if q.Limit > 0 {
		set("limit", strconv.Itoa(q.Limit))
	}
	return v
}

func (r *remote) events(ctx context.Context, q collector.EventQuery) ([]api.Event, error) {
	v := values(collector.Query{Service: q.Service, Labels: q.Labels, From: q.From, To: q.To, Limit: q.Limit})
	for name, value := range map[string]string{"signal": q.Signal, "state": q.State, "culprit": q.Culprit} {
		if value != "" {
			v.Set(name, value)
		}
	}
	var answer struct{ Events []api.Event }
	err := r.get(ctx, "/api/1/events", v, &answer)
	return answer.Events, err
}

func (r *remote) profiles(ctx context.Context, q collector.Query) ([]api.Profile, error) {
	var answer struct{ Profiles []api.Profile }
	err := r.get(ctx, "/api/1/profiles", values(q), &answer)
	return answer.Profiles, err
}

func (r *remote) event(ctx context.Context, id string) (e api.Event, err error) {
	err = r.get(ctx, "/api/1/events/"+url.PathEscape(id), nil, &e)
	return e, err
}

func (r *remote) file(ctx context.Context, event, name string) (io.ReadCloser, error) {
	return r.do(ctx, http.MethodGet, "/api/1/events/"+url.PathEscape(event)+"/"+url.PathEscape(name), nil, nil)
}

func (r *remote) profile(ctx context.Context, id string) (io.ReadCloser, error) {
	return r.do(ctx, http.MethodGet, "/api/0/profiles/"+url.PathEscape(id), nil, nil)
}

func (r *remote) merged(ctx context.Context, q collector.Query) (io.ReadCloser, error) {
	if q.From.IsZero() {
		q.From = time.Unix(1, 0)
	}
	if q.To.IsZero() {
		q.To = time.Now().Add(time.Hour)
	}
	q.Limit = 0
	return r.do(ctx, http.MethodGet, "/api/0/profiles/merge", values(q), nil)
}
