// Package server serves a handler with bounds on connections, headers and times, and
// stops it without cutting off requests under way.
package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"
)

// A Config is what a [Server] is made of. Handler is required, all else has a
// default.
type Config struct {
	// Addr is where to listen; 127.0.0.1:10100.
	Addr string
	// Handler serves the requests. It bounds bodies and answers by itself.
	Handler http.Handler
	// Protected says that reading and writing both need a token. Without it,
	// Addr has to be on the loopback.
	Protected bool
	// TLS has the certificate; nil is plain HTTP.
	TLS *tls.Config
	// Header is how long a client may take to send its header; 5 s.
	Header time.Duration
	// Idle is how long a connection is kept between two requests; 2 min.
	Idle time.Duration
	// HeaderBytes bounds the header; 32 KiB.
	HeaderBytes int
	// Body is how long a client may send or take nothing, until the handler sets
	// a deadline of its own; 10 s.
	Body time.Duration
	// Connections bounds how many are open at the same time; 1024. For one more,
	// the one that is idle for longest is closed.
	Connections int
	// Probe tells the requests that are answered also when all connections are
	// busy, on 32 further ones. By default there are none.
	Probe func(*http.Request) bool
	// Drain is how long requests under way may take when the server stops;
	// 8 s.
	Drain time.Duration
	// Draining is called when that begins.
	Draining func()
	// Log receives errors of connections. The default logs nothing.
	Log *zap.Logger
}

// DefaultAddr is profefe's port, on this machine alone.
const DefaultAddr = "127.0.0.1:10100"

// A Server listens from the start, and serves in [Server.Serve].
type Server struct {
	config   Config
	listener *pool
	http     *http.Server
}

// forProbes is the number of connections above [Config].Connections.
const forProbes = 32

// Listen opens the listener. An address that other machines reach is an error
// without [Config].Protected.
func Listen(ctx context.Context, c Config) (*Server, error) {
	c.Addr = cmp.Or(c.Addr, DefaultAddr)
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	if !c.Protected {
		if err := onlyThisMachine(c.Addr); err != nil {
			return nil, err
		}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Addr)
	if err != nil {
		return nil, fmt.Errorf("holmes: %w", err)
	}
	reserve := 0
	if c.Probe != nil {
		reserve = forProbes
	}
	errorLog, _ := zap.NewStdLogAt(c.Log, zap.DebugLevel) // fails for unknown levels only
	s := &Server{config: c, listener: newPool(listener, cmp.Or(c.Connections, 1024), reserve)}
	s.http = &http.Server{
		Handler: http.HandlerFunc(s.handle), TLSConfig: c.TLS, ErrorLog: errorLog,
		ReadHeaderTimeout: cmp.Or(c.Header, 5*time.Second),
		IdleTimeout:       cmp.Or(c.Idle, 2*time.Minute),
		MaxHeaderBytes:    cmp.Or(c.HeaderBytes, 32<<10),
		ConnState:         changed, ConnContext: withConn,
	}
	return s, nil
}

// handle serves a request, on the connections for probes only those.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	reserved := serving(r)
	control, until := http.NewResponseController(w), time.Now().Add(cmp.Or(s.config.Body, 10*time.Second))
	_ = control.SetWriteDeadline(until) // no deadline is no harm
	if r.ContentLength != 0 {
		// net/http reads what a handler leaves of a body, without a bound in time.
		_ = control.SetReadDeadline(until)
	}
	if reserved {
		w.Header().Set("Connection", "close")
		if !s.config.Probe(r) {
			w.Header().Set("Retry-After", "2")
			http.Error(w, "all connections are busy", http.StatusServiceUnavailable)
			return
		}
	}
	s.config.Handler.ServeHTTP(w, r)
}

// Stats are counts of connections.
type Stats struct {
	// Open is how many connections are open, Evicted how many idle ones were
	// closed for another since the start.
	Open, Evicted int64
}

// Stats returns the counts of connections.
func (s *Server) Stats() Stats {
	s.listener.mu.Lock()
	defer s.listener.mu.Unlock()
	return Stats{Open: int64(s.listener.open), Evicted: s.listener.evicted}
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Close closes a server that does not serve.
func (s *Server) Close() error { return s.listener.Close() }

// Serve serves until ctx ends. Then requests under way may go on for
// [Config].Drain; those that do not end in time are cut off. It returns nil if ctx
// has ended.
func (s *Server) Serve(ctx context.Context) error {
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	s.http.BaseContext = func(net.Listener) context.Context { return requests }
	failed := make(chan error, 1)
	var serving sync.WaitGroup
	serving.Go(func() { failed <- s.serve() })
	defer serving.Wait()
	select {
	case err := <-failed:
		return fmt.Errorf("holmes: serve: %w", err)
	case <-ctx.Done():
	}
	if s.config.Draining != nil {
		s.config.Draining()
	}
	drain, cancel := context.WithTimeout(requests, cmp.Or(s.config.Drain, 8*time.Second))
	defer cancel()
	err := s.http.Shutdown(drain)
	if errors.Is(err, context.DeadlineExceeded) {
		s.config.Log.Warn("requests did not end in time and were cut off")
		cut()
		err = s.http.Close()
	}
	return err
}

func (s *Server) serve() error {
	if s.config.TLS != nil {
		return s.http.ServeTLS(s.listener, "", "")
	}
	return s.http.Serve(s.listener)
}

// onlyThisMachine returns an error unless addr is on the loopback.
func onlyThisMachine(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("holmes: %w", err)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("holmes: address %q can be reached from other machines: set a token for writing and one for reading, or listen on 127.0.0.1", addr)
}
