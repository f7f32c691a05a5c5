package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/files"
	"github.com/go-holmes/holmes/collector/merge"
	"github.com/go-holmes/holmes/collector/pages"
	"github.com/go-holmes/holmes/collector/server"
)

const serveEssay = `
holmes serve keeps the profiles and events of a fleet in a directory, and finds, merges and compares them.

It takes whole events from holmes's HTTP reporter (POST /api/1/events), profiles as profefe does
(POST /api/0/profiles), and what Pyroscope's agents send (POST /ingest):

  curl --data-binary @cpu.pb.gz 'http://127.0.0.1:10100/api/0/profiles?service=shop&type=cpu'
  go tool pprof 'http://127.0.0.1:10100/api/0/profiles/merge?service=shop&type=cpu&from=2026-01-02T15:00:00&to=2026-01-02T16:00:00'

People open it in a browser: http://127.0.0.1:10100/

Without tokens it listens on this machine alone. HOLMES_WRITE_TOKEN, HOLMES_READ_TOKEN and HOLMES_TRIGGER_TOKEN (or lines
write-token, read-token and trigger-token in the configuration file) let others in; what has no token is then off.
They are sent as a bearer token, or as the password of basic authentication.

SIGTERM lets requests under way end, for a while (-drain). The directory belongs to one process; copying it is a backup.`

// A serveConfig is all that can be set.
type serveConfig struct {
	addr, data                           string
	maxBytes, rollupBytes                size
	maxAge                               age
	drain                                time.Duration
	profileBytes, traceBytes, eventBytes size
	tokens                               api.Tokens
	tlsCert, tlsKey, module              string
	rebuild                              bool
	logFormat                            string
	logLevel                             zapcore.Level
	ready                                func(net.Addr) // is called when it serves, if there is one
}

func serve(ctx context.Context, std stdio, args []string) error {
	c, err := readServeConfig(std, args)
	if err != nil {
		return err
	}
	log := newLogger(std, c)
	defer func() { _ = log.Sync() }()
	if err := giveHome(c.data); err != nil {
		return fmt.Errorf("holmes serve: %w", err)
	}
	return c.serve(ctx, log)
}

// giveHome gives the process a home where it has none, as in many containers:
// pprof's pages want to know where it would be, and never go there.
func giveHome(dir string) error {
	if _, err := os.UserConfigDir(); err == nil {
		return nil
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	return os.Setenv("HOME", dir)
}

func readServeConfig(std stdio, args []string) (*serveConfig, error) {
	c := &serveConfig{
		maxBytes: 10 << 30, rollupBytes: 1 << 30, maxAge: age(30 * 24 * time.Hour), logLevel: zapcore.InfoLevel,
		profileBytes: 16 << 20, traceBytes: 64 << 20, eventBytes: 128 << 20,
	}
	s := newSettings("serve", serveEssay)
	s.flags.StringVar(&c.addr, "addr", server.DefaultAddr, "listen on `host:port`")
	s.flags.StringVar(&c.data, "data", "holmes-data", "keep everything in this `directory`")
	s.flags.Var(&c.maxBytes, "max-bytes", "remove the oldest above this `size`; 0 is no bound but the disk's")
	s.flags.Var(&c.rollupBytes, "max-rollups", "remove the oldest roll-ups above this `size`, which comes on top; 0 is none")
	s.flags.Var(&c.maxAge, "max-age", "remove what came in longer ago than this `age`; 0 keeps it")
	s.flags.Var(&c.profileBytes, "max-profile", "refuse a single profile above this `size`")
	s.flags.Var(&c.traceBytes, "max-trace", "refuse an execution trace above this `size`")
	s.flags.Var(&c.eventBytes, "max-event", "refuse a whole event above this `size`")
	s.flags.DurationVar(&c.drain, "drain", 8*time.Second, "let requests under way go on for this `duration` after SIGTERM")
	s.flags.StringVar(&c.tlsCert, "tls-cert", "", "show the certificate in this `file` (PEM)")
	s.flags.StringVar(&c.tlsKey, "tls-key", "", "the certificate's key, a `file` (PEM)")
	s.flags.StringVar(&c.module, "module", "", "show code of the modules below this `path` as the fleet's own")
	s.flags.BoolVar(&c.rebuild, "rebuild", false, "make the index anew from the files, then serve")
	s.flags.StringVar(&c.logFormat, "log-format", "console", "log as `console` text or json")
	s.flags.TextVar(&c.logLevel, "log-level", c.logLevel, "log from this `level`: debug, info, warn or error")
	s.secret(&c.tokens.Write, "write-token")
	s.secret(&c.tokens.Read, "read-token")
	s.secret(&c.tokens.Trigger, "trigger-token")
	if err := s.parse(std, args); err != nil {
		return nil, err
	}
	if c.logFormat != "console" && c.logFormat != "json" {
		return nil, usageError{fmt.Errorf("holmes serve: log-format %q is neither console nor json", c.logFormat)}
	}
	if (c.tlsCert == "") != (c.tlsKey == "") {
		return nil, usageError{errors.New("holmes serve: -tls-cert and -tls-key go together")}
	}
	return c, nil
}

// protected reports whether nobody can read or write without a token.
func (c *serveConfig) protected() bool { return c.tokens.Write != "" && c.tokens.Read != "" }

// serve listens at once, and lets requests in when the store is open.
func (c *serveConfig) serve(ctx context.Context, log *zap.Logger) error {
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
			return nil // it was told to stop while it was starting
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
	if c.ready != nil {
		c.ready(srv.Addr())
	}
	usage := store.Usage()
	log.Info("serving", zap.Stringer("address", srv.Addr()), zap.String("data", c.data),
		zap.Int("uploads", usage.Uploads), zap.Int64("bytes", usage.Bytes),
		zap.Stringer("max-bytes", &c.maxBytes), zap.Stringer("max-age", &c.maxAge), zap.Bool("tokens", c.protected()))
	stopSweeping, stopRolling := sweepEvery(ctx, store, log), rollEvery(ctx, merger, log)
	err = <-served
	stopSweeping()
	stopRolling()
	err = errors.Join(err, closeInTime(store))
	log.Info("stopped")
	return err
}

// handler is all that is served.
func (c *serveConfig) handler(ctx context.Context, store *files.Store, merger *merge.Merger, log *zap.Logger) (*api.Handler, error) {
	web, err := pages.New(pages.Config{Store: store, Merge: merger.Profile, Module: c.module, Fault: func(r *http.Request, err error) {
		log.Named("pages").Error("page failed", zap.String("path", r.URL.Path), zap.Error(err))
	}})
	if err != nil {
		return nil, err
	}
	return api.New(api.Config{
		Store: store, Merger: merger, Tokens: c.tokens, Open: !c.protected(), Pages: web,
		Limits:  api.Limits{ProfileBytes: int64(c.profileBytes), TraceBytes: int64(c.traceBytes), EventBytes: int64(c.eventBytes)},
		Sweep:   func() (int, error) { return store.Sweep(ctx) },
		Gauges:  gauges(store),
		Version: version(), Log: log.Named("api"),
	})
}

// listen opens the listener.
func (c *serveConfig) listen(ctx context.Context, g *gate, log *zap.Logger) (*server.Server, error) {
	config := server.Config{
		Addr: c.addr, Handler: g, Protected: c.protected(), Drain: c.drain, Draining: g.drain, Log: log.Named("http"),
	}
	if c.tlsCert != "" {
		certificate, err := tls.LoadX509KeyPair(c.tlsCert, c.tlsKey)
		if err != nil {
			return nil, fmt.Errorf("holmes serve: -tls-cert: %w", err)
		}
		config.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	}
	return server.Listen(ctx, config)
}

// openStore opens the store, and says how far it has come.
func (c *serveConfig) openStore(ctx context.Context, g *gate, log *zap.Logger) (*files.Store, error) {
	tell := progress(log)
	return files.Open(ctx, c.data, files.Options{
		MaxBytes: int64(c.maxBytes), MaxAge: time.Duration(c.maxAge), Rebuild: c.rebuild, Log: log.Named("store"),
		Progress: func(done, total int) {
			g.report(done, total)
			tell(done, total)
		},
	})
}

// gauges are what /metrics tells about the store.
func gauges(store *files.Store) func() []api.Gauge {
	return func() []api.Gauge {
		usage := store.Usage()
		return []api.Gauge{
			{Name: "holmes_store_bytes", Help: "Bytes that all uploads take.", Value: float64(usage.Bytes)},
			{Name: "holmes_store_uploads", Help: "Uploads that are kept.", Value: float64(usage.Uploads)},
		}
	}
}

// closeTime is how long writing down the index may take. Nothing is lost without
// it: the next process reads the files.
const closeTime = time.Second

func closeInTime(store *files.Store) error {
	closed := make(chan error, 1)
	go func() { closed <- store.Close() }()
	select {
	case err := <-closed:
		return err
	case <-time.After(closeTime):
		return errors.New("holmes serve: the index was not written in time; the next start reads the files instead")
	}
}

// sweepInterval is how often age is looked at.
const sweepInterval = time.Minute

// sweepEvery removes what is too old, until the returned function is called,
// which returns when that has ended.
func sweepEvery(ctx context.Context, store *files.Store, log *zap.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(sweepInterval)
		defer ticker.Stop()
		for {
			removed, err := store.Sweep(ctx)
			if err != nil && ctx.Err() == nil {
				log.Error("removing what is too old", zap.Error(err))
			}
			if removed > 0 {
				log.Info("removed what is too old", zap.Int("uploads", removed))
			}
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}

// progress logs how far the making of the index has come, now and then.
func progress(log *zap.Logger) func(done, total int) {
	began := time.Now()
	next := began
	return func(done, total int) {
		now := time.Now()
		if now.Before(next) && done < total {
			return
		}
		next = now.Add(time.Second)
		left := time.Duration(float64(now.Sub(began)) / float64(max(done, 1)) * float64(total-done))
		log.Info("reading files that the index does not know", zap.Int("done", done), zap.Int("total", total),
			zap.Duration("left", left.Round(time.Second)))
	}
}

func newLogger(std stdio, c *serveConfig) *zap.Logger {
	encoding := zap.NewProductionEncoderConfig()
	encoding.EncodeTime = zapcore.RFC3339TimeEncoder
	encoding.EncodeDuration = zapcore.StringDurationEncoder
	encoder := zapcore.NewConsoleEncoder(encoding)
	if c.logFormat == "json" {
		encoder = zapcore.NewJSONEncoder(encoding)
	}
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(std.err)), c.logLevel))
}
