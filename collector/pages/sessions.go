package pages

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/pprof/profile"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/internal/render"
)

const (
	mostSessions = 16
	sessionAge   = 10 * time.Minute // after the last request
)

// sessions are pprof's pages of some profiles. The address of a page has the query
// of its profiles, so that a session that was dropped can be made again.
type sessions struct {
	now func() time.Time

	mu   sync.Mutex
	open map[string]*session
}

type session struct {
	handlers map[string]http.Handler
	used     time.Time
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, open: map[string]*session{}}
}

// get returns a session, and drops those that were not used for a while.
func (s *sessions) get(key string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for k, other := range s.open {
		if now.Sub(other.used) > sessionAge {
			delete(s.open, k)
		}
	}
	found := s.open[key]
	if found != nil {
		found.used = now
	}
	return found
}

// put keeps a session, and drops the least recently used one above the bound.
func (s *sessions) put(key string, handlers map[string]http.Handler) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) >= mostSessions {
		oldest := ""
		for k, other := range s.open {
			if oldest == "" || other.used.Before(s.open[oldest].used) {
				oldest = k
			}
		}
		delete(s.open, oldest)
	}
	made := &session{handlers: handlers, used: s.now()}
	s.open[key] = made
	return made
}

// driverURL is the address of pprof's pages of a request.
func driverURL(req *request) string {
	plain := request{After: req.After, Before: req.Before, Sample: req.Sample, Norm: req.Norm, Over: req.Over, Instances: req.Instances}
	return "/pprof/" + base64.RawURLEncoding.EncodeToString([]byte(strings.TrimPrefix(plain.url(""), "?"))) + "/flamegraph"
}

// openSession redirects to the first of pprof's pages.
func (p *Pages) openSession(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, p.config.Prefix+"/pprof/"+r.PathValue("key")+"/flamegraph", http.StatusSeeOther)
	return nil
}

// session serves one of pprof's pages, but none that reads source and binaries or
// writes settings.
func (p *Pages) session(w http.ResponseWriter, r *http.Request) error {
	key, act := r.PathValue("key"), r.PathValue("act")
	switch act {
	case "flamegraph", "graph", "top", "peek", "download":
	default:
		return collector.Errorf(collector.NotFound, "pprof's page %.40q is not served here: it reads or writes files of the server", act)
	}
	s := p.sessions.get(key)
	if s == nil {
		made, err := p.newSession(r.Context(), key)
		if err != nil {
			return err
		}
		s = made
	}
	answer := render.NewRecorder()
	s.handlers["/"+act].ServeHTTP(answer, r)
	return p.pass(w, act, answer)
}

// newSession makes pprof's pages of the query in a key.
func (p *Pages) newSession(ctx context.Context, key string) (*session, error) {
	query, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil {
		return nil, collector.Errorf(collector.NotFound, "there is no such profile")
	}
	whole, err := p.whole(ctx, string(query))
	if err != nil {
		return nil, err
	}
	handlers, err := handlersOf(whole)
	if err != nil {
		return nil, collector.Errorf(collector.Unsupported, "pprof's pages cannot show this: %w", err)
	}
	return p.sessions.put(key, handlers), nil
}

// whole is the profile of a query, as pprof's pages need it; of a comparison, that of
// `go tool pprof -diff_base`.
func (p *Pages) whole(ctx context.Context, query string) (*profile.Profile, error) {
	r := &http.Request{URL: &url.URL{RawQuery: query}}
	req, err := p.requestOf(r)
	if err != nil {
		return nil, err
	}
	d, err := p.draw(ctx, &req, true)
	if err != nil {
		return nil, err
	}
	if err := d.Subtract(true, req.Norm); err != nil {
		return nil, err
	}
	return forDriver(d.Drawing)
}

// removed are the entries of pprof's menus whose pages are not served.
const removed = "<style>#list,#disasm,#config,#action-source,#action-source-tab{display:none!important}</style></head>"

// pass answers with one of pprof's pages, with a nonce for its scripts, in an origin
// of its own.
func (p *Pages) pass(w http.ResponseWriter, act string, a *render.Recorder) error {
	body := a.Body.Bytes()
	if a.Status >= http.StatusBadRequest {
		return collector.Errorf(codeOf(a.Status), "pprof says: %.400s", strings.TrimSpace(string(body)))
	}
	if act != "download" {
		nonce := rand.Text()
		// Names in these pages are escaped, so that none begins a script.
		body = bytes.ReplaceAll(body, []byte("<script>"), []byte(`<script nonce="`+nonce+`">`))
		body = bytes.Replace(body, []byte("</head>"), []byte(removed), 1)
		w.Header().Set("Content-Security-Policy", p.gates.driver+nonce+"'")
	}
	for _, name := range []string{"Content-Type", "Content-Disposition", "Location"} {
		if value := a.Header().Get(name); value != "" {
			w.Header().Set(name, value)
		}
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(a.Status)
	_, _ = w.Write(body) // a client that has left is no error
	return nil
}

func codeOf(status int) collector.Code {
	if status == http.StatusNotImplemented {
		return collector.Unsupported
	}
	return collector.Invalid
}
