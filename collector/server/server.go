// Package server puts a handler behind a listener that is bounded in every
// direction, and stops it without losing what is under way.
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
	// Protected says that nothing can be read or written without a token. Else
	// Addr has to be one that only this machine reaches.
	Protected bool
	// TLS is the certificate to show; without one, the server speaks plain
	// HTTP.
	TLS *tls.Config
	// Header is how long a client may take to send its header; 5 s.
	Header time.Duration
	// Idle is how long a connection is kept between two requests; 2 min.
	Idle time.Duration
	// HeaderBytes bounds the header; 32 KiB.
	HeaderBytes int
	// Connections bounds how many are open at the same time; 1024. More of
	// them wait to be accepted.
	Connections int
	// Drain is how long requests under way may take after the server was told
	// to stop; 8 s.
	Drain time.Duration
	// Draining is called when that begins.
	Draining func()
	// Log is told about connections that failed. The default is nobody.
	Log *zap.Logger
}

// DefaultAddr is profefe's port, on this machine alone.
const DefaultAddr = "127.0.0.1:10100"

// A Server listens, and serves when it is told to.
type Server struct {
	config   Config
	listener net.Listener
	http     *http.Server
}

// Listen opens the listener. The error says so if the address is one that
// others reach and nothing keeps them out.
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
	bounded := &boundedListener{Listener: listener, places: make(chan struct{}, cmp.Or(c.Connections, 1024)), done: make(chan struct{})}
	errorLog, _ := zap.NewStdLogAt(c.Log, zap.DebugLevel) // fails for unknown levels only
	return &Server{config: c, listener: bounded, http: &http.Server{
		Handler: c.Handler, TLSConfig: c.TLS, ErrorLog: errorLog,
		ReadHeaderTimeout: cmp.Or(c.Header, 5*time.Second),
		IdleTimeout:       cmp.Or(c.Idle, 2*time.Minute),
		MaxHeaderBytes:    cmp.Or(c.HeaderBytes, 32<<10),
	}}, nil
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve serves until ctx is done, then lets requests under way end, for as long
// as [Config.Drain] says, and cuts off the others. It returns nil when it was
// told to stop.
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
		s.config.Log.Warn("requests were cut off that did not end in time")
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
		return fmt.Errorf("holmes: address %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("holmes: address %q can be reached from other machines: set a token for writing and one for reading, or listen on 127.0.0.1", addr)
}
