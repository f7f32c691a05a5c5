// Package serve runs a collector: a store, the API, the pages, the listener, and
// the periodic work beside them.
package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/files"
	"github.com/go-holmes/holmes/collector/internal/units"
	"github.com/go-holmes/holmes/collector/merge"
	"github.com/go-holmes/holmes/collector/pages"
	"github.com/go-holmes/holmes/collector/server"
)

// A Config says how a collector runs. [Default] has the defaults.
type Config struct {
	Addr                  string
	Data                  string       // directory of everything
	MaxBytes, RollupBytes units.Size   // 0 is no bound, and no roll-ups
	MaxAge, EventAge      units.Age    // of single profiles, of events
	KeepFree              units.Size   // of the disk
	Quotas                units.Quotas // of services
	Scrub                 units.Age    // within which each upload is read again; 0 is never
	// ProfileBytes, TraceBytes and EventBytes bound a single upload.
	ProfileBytes, TraceBytes, EventBytes units.Size
	// Drain is how long requests may go on after ctx has ended.
	Drain           time.Duration
	Tokens          api.Tokens
	TLSCert, TLSKey string // files
	Module          string // path of the fleet's own modules
	Rebuild         bool   // the index is rebuilt
	Version         api.Version
	// Ready is called when requests are let in. It may be nil.
	Ready func(net.Addr)
}

// Default returns the default configuration.
func Default() Config {
	return Config{
		Addr: server.DefaultAddr, Data: "holmes-data", MaxBytes: 10 << 30, RollupBytes: 1 << 30, MaxAge: units.Age(30 * 24 * time.Hour),
		Scrub:        units.Age(7 * 24 * time.Hour),
		ProfileBytes: 16 << 20, TraceBytes: 64 << 20, EventBytes: 128 << 20, Drain: 8 * time.Second,
	}
}

// protected reports whether reading and writing both need a token.
func (c *Config) protected() bool { return c.Tokens.Write != "" && c.Tokens.Read != "" }

// Run serves until ctx ends. It listens at once, and lets requests in when the
// store is open.
func (c *Config) Run(ctx context.Context, log *zap.Logger) error {
	g := new(gate)
	srv, err := c.listen(ctx, g, log)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ctx) }()
	store, err := c.openStore(ctx, g, log)
	if err != nil {
		canceled := ctx.Err() != nil
		stop()
		if err = errors.Join(err, <-served); canceled {
			return nil // ctx has ended during the start
		}
		return err
	}
	defer stop()
	merger, err := c.openMerger(store, log)
	var handler *api.Handler
	if err == nil {
		handler, err = c.handler(ctx, store, merger, log)
	}
	if err != nil {
		stop()
		return errors.Join(err, <-served, closeInTime(store))
	}
	g.open(handler)
	if c.Ready != nil {
		c.Ready(srv.Addr())
	}
	usage := store.Usage()
	log.Info("serving", zap.Stringer("address", srv.Addr()), zap.String("data", c.Data),
		zap.Int("uploads", usage.Uploads), zap.Int64("bytes", usage.Bytes),
		zap.Stringer("max-bytes", &c.MaxBytes), zap.Stringer("max-age", &c.MaxAge), zap.Bool("tokens", c.protected()))
	c.warnOfRoom(store, log)
	stopSweeping := every(ctx, sweepInterval, func(ctx context.Context) { sweep(ctx, store, log) })
	roller := merger.Roller()
	stopRolling := every(ctx, rollInterval, func(ctx context.Context) { roll(ctx, roller, log) })
	stopScrubbing := func() {}
	if c.Scrub > 0 {
		stopScrubbing = every(ctx, scrubInterval, func(ctx context.Context) { scrub(ctx, store, time.Duration(c.Scrub), log) })
	}
	err = <-served
	stopSweeping()
	stopRolling()
	stopScrubbing()
	err = errors.Join(err, closeInTime(store))
	log.Info("stopped")
	return err
}

// handler returns the API with the pages.
func (c *Config) handler(ctx context.Context, store *files.Store, merger *merge.Merger, log *zap.Logger) (*api.Handler, error) {
	web, err := pages.New(pages.Config{Store: store, Fold: merger.Fold, Module: c.Module, Fault: func(r *http.Request, err error) {
		log.Named("pages").Error("page failed", zap.String("path", r.URL.Path), zap.Error(err))
	}})
	if err != nil {
		return nil, err
	}
	return api.New(api.Config{
		Store: store, Merger: merger, Tokens: c.Tokens, Open: !c.protected(), Pages: web,
		Limits:  api.Limits{ProfileBytes: int64(c.ProfileBytes), TraceBytes: int64(c.TraceBytes), EventBytes: int64(c.EventBytes)},
		Sweep:   func() (int, error) { return store.Sweep(ctx) },
		Gauges:  gauges(store),
		Version: c.Version, Log: log.Named("api"),
	})
}

// listen opens the listener.
func (c *Config) listen(ctx context.Context, g *gate, log *zap.Logger) (*server.Server, error) {
	config := server.Config{
		Addr: c.Addr, Handler: g, Protected: c.protected(), Drain: c.Drain, Draining: g.drain, Log: log.Named("http"),
	}
	if c.TLSCert != "" {
		certificate, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("holmes serve: -tls-cert: %w", err)
		}
		config.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	}
	srv, err := server.Listen(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("%w (-addr %s)", err, c.Addr)
	}
	return srv, nil
}
