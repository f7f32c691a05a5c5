// Package serve runs holmes-watch: it connects discovery, the fleet, captures, delivery
// and the page.
package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/go-holmes/holmes/watch/internal/capture"
	"github.com/go-holmes/holmes/watch/internal/config"
	"github.com/go-holmes/holmes/watch/internal/deliver"
	"github.com/go-holmes/holmes/watch/internal/fleet"
	"github.com/go-holmes/holmes/watch/internal/page"
	"github.com/go-holmes/holmes/watch/internal/targets"
)

// stopTime is how long the end waits for deliveries and requests.
const stopTime = 10 * time.Second

// Options are what a caller may add to the configuration.
type Options struct {
	// Ready is called with the address of the page when it is served. It may be nil.
	Ready func(net.Addr)
	// Reporters get events beside those of the configuration.
	Reporters []event.Reporter
}

// Run watches until ctx is done. Then it ends the captures, tries the waiting deliveries
// once more, and returns.
func Run(ctx context.Context, c *config.Config, o Options, log *zap.Logger) (err error) {
	to, err := deliver.Reporters(c)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("holmes-watch: %w", err)
	}
	defer func() { _ = listener.Close() }() // a server that was started has closed it
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	finder, err := targets.NewManager(log, registry)
	if err != nil {
		return err
	}
	store := deliver.New(c.Data, append(to, o.Reporters...), log)
	captures := capture.New(c.Capture, capture.NewLimits(c.Limits, time.Now), store, log)
	watched, err := fleet.New(c, captures, log)
	if err != nil {
		return err
	}
	registry.MustRegister(page.Metrics(page.Counters{Fleet: watched, Captures: captures.Stats(), Reporters: store.Stats}))
	handler, err := page.Handler(watched, registry)
	if err != nil {
		return err
	}
	store.Start()
	defer func() { err = errors.Join(err, stopped(watched, captures, store)) }()
	log.Info("The page of targets is served.", zap.Stringer("address", listener.Addr()))
	if o.Ready != nil {
		o.Ready(listener.Addr())
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return finder.Run(ctx, c.Jobs, watched.Update) })
	g.Go(func() error { return served(ctx, listener, handler) })
	return g.Wait()
}

// stopped ends all parts, in the order in which they depend on each other.
func stopped(f *fleet.Fleet, c *capture.Captures, s *deliver.Service) error {
	f.Stop()
	c.Stop()
	f.Close()
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	return s.Stop(ctx)
}

// served serves the page until ctx is done.
func served(ctx context.Context, l net.Listener, h http.Handler) error {
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	var g errgroup.Group
	g.Go(func() error {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		return s.Shutdown(end)
	})
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("holmes-watch: %w", err)
	}
	return g.Wait()
}
