package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/go-holmes/holmes/example/shop"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Service runs the shop in this process, without holmes, with net/http/pprof and /metrics
// on an address that it writes to out. It reads the names of faults from in, a line each,
// and ends when in ends.
func Service(ctx context.Context, in io.Reader, out io.Writer) error {
	s, err := shop.Open()
	if err != nil {
		return fmt.Errorf("holmes-watch demo: %w", err)
	}
	defer s.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("holmes-watch demo: %w", err)
	}
	server := &http.Server{Handler: diagnostics(), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // until Close
	}()
	defer func() {
		_ = server.Close()
		<-served
	}()
	if _, err := fmt.Fprintln(out, listener.Addr()); err != nil {
		return err
	}
	return obey(ctx, s, in)
}

// obey injects the faults that in names, until it ends.
func obey(ctx context.Context, s *shop.Shop, in io.Reader) error {
	lines := bufio.NewScanner(in)
	for ctx.Err() == nil && lines.Scan() {
		if err := s.Inject(lines.Text()); err != nil {
			return err
		}
	}
	return errors.Join(ctx.Err(), lines.Err())
}

// diagnostics is what a usual Go service has on its second port.
func diagnostics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	return mux
}
