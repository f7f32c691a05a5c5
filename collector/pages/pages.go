package pages

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/internal/render"
	"github.com/go-holmes/holmes/collector/merge"
)

// A Config is what a [Pages] is made of. Store is required, all else has a
// default.
type Config struct {
	Store collector.Store
	// Fold makes one of stored profiles. The default is that of a [merge.Merger] of
	// its own.
	Fold func(ctx context.Context, r merge.Request) (*merge.Fold, error)
	// Services returns the names of all services. The default is [collector.Store.Services].
	Services func(ctx context.Context) ([]string, error)
	// Module is the path of the module whose code is drawn as the fleet's own,
	// beside package main. The default decides by the files of functions.
	Module string
	// Prefix is the path below which a proxy shows the pages, such as /holmes.
	Prefix string
	// Drawings bounds the pages and pictures that are drawn at the same time, and
	// with them the memory that this takes, up to 350 MB each; 2. Others wait for their turn.
	Drawings int
	// Timeout is how long drawing may take, the wait included; 1 min.
	Timeout time.Duration
	// Fault receives errors that are not the client's mistakes. The default
	// drops them.
	Fault func(r *http.Request, err error)
	// Now is the clock; the default is [time.Now].
	Now func() time.Time
}

// Pages serves the pages. It starts nothing, and is safe for concurrent use.
type Pages struct {
	config   Config
	store    collector.Store
	mux      *http.ServeMux
	html     templates
	sessions *sessions
	turns    *render.Turns
	gates    policies
}

// New returns the pages.
func New(config Config) (*Pages, error) {
	if config.Store == nil {
		return nil, errors.New("holmes: pages: Config needs a Store")
	}
	p := &Pages{
		config: config, store: config.Store, mux: http.NewServeMux(), gates: newPolicies(),
		turns: render.NewTurns(cmp.Or(config.Drawings, 2), cmp.Or(config.Timeout, time.Minute)),
	}
	if p.config.Now == nil {
		p.config.Now = time.Now
	}
	if p.config.Fold == nil {
		merger, err := merge.New(merge.Config{Store: p.store})
		if err != nil {
			return nil, err
		}
		p.config.Fold = merger.Fold
	}
	if p.config.Services == nil {
		p.config.Services = p.store.Services
	}
	if p.config.Fault == nil {
		p.config.Fault = func(*http.Request, error) {}
	}
	p.sessions = newSessions(p.config.Now)
	var err error
	if p.html, err = newTemplates(); err != nil {
		return nil, err
	}
	p.config.Prefix = strings.TrimRight(config.Prefix, "/")
	for pattern, serve := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET /{$}":               p.home,
		"GET /events":            p.timeline,
		"GET /events/{id}":       p.event,
		"GET /profiles":          p.profiles,
		"GET /flame":             p.inTurn(p.flame),
		"GET /flame.svg":         p.inTurn(p.flameSVG),
		"GET /graph.svg":         p.inTurn(p.graphSVG),
		"GET /top":               p.inTurn(p.top),
		"GET /compare":           p.compare,
		"GET /pprof/{key}":       p.openSession,
		"GET /pprof/{key}/{act}": p.inTurn(p.session),
		"GET /static/{file}":     p.static,
		"GET /favicon.ico":       p.icon,
		"GET /":                  p.unknown,
	} {
		p.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := serve(w, r); err != nil {
				p.fail(w, r, err)
			}
		})
	}
	return p, nil
}

// ServeHTTP serves all pages.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", p.gates.page)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "private, no-cache")
	p.mux.ServeHTTP(w, r)
}

// inTurn bounds a page that reads profiles in memory and time.
func (p *Pages) inTurn(serve func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error { return p.turns.Serve(w, r, serve) }
}

func (p *Pages) unknown(http.ResponseWriter, *http.Request) error {
	return collector.Errorf(collector.NotFound, "there is no such page")
}
