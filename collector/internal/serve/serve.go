// Package serve runs a collector: a store, the API, the pages, the listener, and
// the periodic work beside them.
package serve

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
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
	HourAge, DayAge       units.Age    // of roll-ups
	KeepFree              units.Size   // of the disk
	Quotas                units.Quotas // of services
	Scrub                 units.Age    // within which each upload is read again; 0 is never
	// ProfileBytes, TraceBytes and EventBytes bound a single upload.
	ProfileBytes, TraceBytes, EventBytes units.Size
	// Drain is how long requests may go on after ctx has ended.
	Drain           time.Duration
	Tokens          api.Tokens
	TokenFiles      TokenFiles
	TLSCert, TLSKey string // files
	Module          string // path of the fleet's own modules
	Rebuild         bool   // the index is rebuilt
	Version         api.Version
	// ProbeAddr is a further address, for health checks and /metrics alone, without
	// a token and without TLS. "" is none.
	ProbeAddr string
	// Hosts and Prefix are the names and the path that a proxy shows.
	Hosts     []string
	Prefix    string
	AccessLog api.AccessLog
	Drawings  int  // pictures and merges that are made at the same time
	Watch     bool // holmes watches this process
	// Reload makes tokens and certificate be read again. It may be nil.
	Reload <-chan os.Signal
	// Ready is called when requests are let in. It may be nil.
	Ready func(net.Addr)
}

const (
	month = 30 * 24 * time.Hour
	year  = 365 * 24 * time.Hour
)

// Default returns the default configuration.
func Default() Config {
	return Config{
		Addr: server.DefaultAddr, Data: "holmes-data", MaxBytes: 10 << 30, RollupBytes: 1 << 30, MaxAge: units.Age(month), EventAge: units.Age(year), HourAge: units.Age(month), DayAge: units.Age(year),
		KeepFree:     1 << 30,
		Scrub:        units.Age(7 * 24 * time.Hour),
		ProfileBytes: 16 << 20, TraceBytes: 64 << 20, EventBytes: 128 << 20, Drain: 8 * time.Second,
		AccessLog: api.AccessSampled, Drawings: 2, Watch: true,
	}
}

// Run serves until ctx ends. It listens at once, and lets requests in when the
// store is open.
func (c *Config) Run(ctx context.Context, log *zap.Logger) error {
	l := &listeners{config: c, log: log}
	if err := l.open(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() {
		defer stop() // if one of them fails
		served <- l.serve(ctx)
	}()
	store, err := c.openStore(ctx, &l.gate, log)
	if err != nil {
		canceled := ctx.Err() != nil
		stop()
		if err = errors.Join(err, <-served); canceled && !l.failed() {
			return nil // ctx has ended during the start
		}
		return err
	}
	merger, err := c.openMerger(store, log)
	var handler *api.Handler
	filled := new(atomic.Bool)
	if err == nil {
		handler, err = c.handler(ctx, store, merger, l, filled, log)
	}
	var stopWatching func()
	if err == nil {
		stopWatching, err = c.startWatching(handler, log)
	}
	if err != nil {
		stop()
		return errors.Join(err, <-served, closeInTime(store))
	}
	l.gate.open(handler)
	if c.Ready != nil {
		c.Ready(l.main.Addr())
	}
	usage := store.Usage()
	log.Info("serving", zap.Stringer("address", l.main.Addr()), zap.String("data", c.Data),
		zap.Int("uploads", usage.Uploads), zap.Int64("bytes", usage.Bytes),
		zap.Stringer("max-bytes", &c.MaxBytes), zap.Stringer("max-age", &c.MaxAge), zap.Bool("tokens", l.tokens.Protected()))
	c.warnOfRoom(store, log)
	var background sync.WaitGroup
	background.Go(func() { every(ctx, sweepInterval, func() { sweep(ctx, store, log) }) })
	roller := merger.Roller()
	background.Go(func() { every(ctx, rollInterval, func() { roll(ctx, roller, log) }) })
	if c.Scrub > 0 {
		background.Go(func() { every(ctx, scrubInterval, func() { scrub(ctx, store, time.Duration(c.Scrub), log) }) })
	}
	background.Go(func() { (&reloader{config: c, handler: handler, certificate: l.certificate, log: log}).run(ctx) })
	background.Go(func() { filled.Store(backfill(ctx, store, log)) })
	err = <-served
	stopWatching()
	stop()
	background.Wait()
	err = errors.Join(err, closeInTime(store))
	log.Info("stopped")
	return err
}

// startWatching starts holmes on this process if that is wanted.
func (c *Config) startWatching(handler *api.Handler, log *zap.Logger) (stop func(), err error) {
	if !c.Watch {
		return func() {}, nil
	}
	return c.watch(handler.ServeOwn, log)
}

// handler returns the API with the pages.
func (c *Config) handler(ctx context.Context, store *files.Store, merger *merge.Merger, l *listeners, filled *atomic.Bool, log *zap.Logger) (*api.Handler, error) {
	web, err := pages.New(pages.Config{Store: store, Fold: merger.Fold, Services: merger.Services, Module: c.Module, Prefix: c.Prefix, Drawings: c.Drawings, Fault: func(r *http.Request, err error) {
		log.Named("pages").Error("page failed", zap.String("path", r.URL.Path), zap.Error(err))
	}})
	if err != nil {
		return nil, err
	}
	return api.New(api.Config{
		Store: store, Merger: merger, Tokens: l.tokens, Open: !l.tokens.Protected(), Pages: web,
		Limits: api.Limits{ProfileBytes: int64(c.ProfileBytes), TraceBytes: int64(c.TraceBytes), EventBytes: int64(c.EventBytes), Drawings: c.Drawings},
		Hosts:  c.Hosts, Prefix: c.Prefix, AccessLog: c.AccessLog,
		Sweep:      func() (int, error) { return store.Sweep(ctx) },
		Gauges:     gauges(store, filled),
		Collectors: l.metrics(),
		Version:    c.Version, Log: log.Named("api"),
	})
}
