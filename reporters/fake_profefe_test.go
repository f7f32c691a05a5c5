package reporters_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/pprof/profile"
)

// fakeProfefe takes profiles by the rules of profefe.
type fakeProfefe struct {
	*httptest.Server
	// refuse, if it is set, answers an upload otherwise: with a status, and 0
	// to take it.
	refuse func(u upload) int
	stall  chan struct{} // nil: answer at once

	mu      sync.Mutex
	uploads []upload
}

// An upload is what a receiver of profiles has stored.
type upload struct {
	service, kind string
	labels        map[string]string
	created       time.Time
	body          []byte
}

func newFakeProfefe(t *testing.T) *fakeProfefe {
	t.Helper()
	f := new(fakeProfefe)
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeProfefe) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.stall != nil {
		<-f.stall
	}
	u, status, err := f.read(r)
	if err == nil && f.refuse != nil {
		if status = f.refuse(u); status != 0 {
			err = fmt.Errorf("refused %s", u.labels["file"])
		}
	}
	w.Header().Set("Content-Type", "text/plain") // as the real one does
	answer := map[string]any{"code": http.StatusOK, "body": map[string]any{"id": "x", "type": u.kind, "service": u.service}}
	if err != nil {
		w.WriteHeader(status)
		answer = map[string]any{"code": status, "error": err.Error()}
	} else {
		f.mu.Lock()
		f.uploads = append(f.uploads, u)
		f.mu.Unlock()
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (f *fakeProfefe) read(r *http.Request) (u upload, status int, err error) {
	if r.Method != http.MethodPost || r.URL.Path != "/api/0/profiles" {
		return u, http.StatusNotFound, fmt.Errorf("nothing at %s %s", r.Method, r.URL.Path)
	}
	q := r.URL.Query()
	u = upload{service: q.Get("service"), kind: q.Get("type")}
	if u.service == "" {
		return u, http.StatusBadRequest, fmt.Errorf("missing service")
	}
	if !slices.Contains([]string{"cpu", "heap", "block", "mutex", "goroutine", "threadcreate", "other", "trace"}, u.kind) {
		return u, http.StatusBadRequest, fmt.Errorf("bad type %q", u.kind)
	}
	if u.labels, err = splitLabels(q.Get("labels")); err != nil {
		return u, http.StatusBadRequest, err
	}
	if at := q.Get("created_at"); at != "" {
		if u.created, err = time.Parse("2006-01-02T15:04:05", at); err != nil {
			return u, http.StatusBadRequest, err
		}
	}
	if u.body, err = io.ReadAll(r.Body); err != nil {
		return u, http.StatusInternalServerError, err
	}
	if u.kind == "trace" {
		return u, 0, nil
	}
	p, err := profile.ParseData(u.body)
	if err != nil {
		return u, http.StatusBadRequest, err
	}
	if p.TimeNanos > 0 {
		u.created = time.Unix(0, p.TimeNanos).UTC().Truncate(time.Second)
	}
	return u, 0, nil
}

// splitLabels takes labels apart first, and then takes their escapes back.
func splitLabels(list string) (map[string]string, error) {
	out := map[string]string{}
	for pair := range strings.SplitSeq(list, ",") {
		if pair == "" {
			continue
		}
		k, v, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("bad label %q", pair)
		}
		k, err := url.QueryUnescape(k)
		if err != nil {
			return nil, err
		}
		if out[k], err = url.QueryUnescape(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// of returns what is stored of an event, by file.
func (f *fakeProfefe) of(event string) map[string][]upload {
	f.mu.Lock()
	defer f.mu.Unlock()
	return byFile(f.uploads, event)
}

func byFile(uploads []upload, event string) map[string][]upload {
	out := map[string][]upload{}
	for _, u := range uploads {
		if u.labels["event"] == event {
			out[u.labels["file"]] = append(out[u.labels["file"]], u)
		}
	}
	return out
}

func (f *fakeProfefe) hold() (resume func()) {
	f.stall = make(chan struct{})
	return func() { close(f.stall) }
}
