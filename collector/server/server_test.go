package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/collector/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A running server, and how to stop it.
type running struct {
	t    *testing.T
	addr string
	stop context.CancelFunc
	done chan error
}

func run(t *testing.T, c server.Config) *running {
	t.Helper()
	_, r := runServer(t, c)
	return r
}

func runServer(t *testing.T, c server.Config) (*server.Server, *running) {
	t.Helper()
	c.Addr = "127.0.0.1:0"
	if c.Handler == nil {
		c.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	}
	s, err := server.Listen(t.Context(), c)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	r := &running{t: t, addr: s.Addr().String(), stop: stop, done: make(chan error, 1)}
	go func() {
		r.done <- s.Serve(ctx)
		close(r.done)
	}()
	t.Cleanup(func() {
		stop()
		for err := range r.done {
			require.NoError(t, err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return s, r
}

func (r *running) dial() net.Conn {
	r.t.Helper()
	conn, err := new(net.Dialer).DialContext(r.t.Context(), "tcp", r.addr)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// get makes a request on a connection of its own.
func (r *running) get() (status int, body string) {
	r.t.Helper()
	conn := r.dial()
	defer conn.Close()
	_, err := fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	require.NoError(r.t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(r.t, err)
	raw, err := io.ReadAll(resp.Body)
	require.NoError(r.t, err)
	require.NoError(r.t, resp.Body.Close())
	return resp.StatusCode, string(raw)
}

// Without tokens the server listens on the loopback only.
func TestWithoutTokensOnlyLoopback(t *testing.T) {
	for addr, alone := range map[string]bool{
		"127.0.0.1:0": true, "127.1.2.3:0": true, "localhost:0": true, "[::1]:0": true,
		":0": false, "0.0.0.0:0": false, "[::]:0": false, "10.0.0.1:0": false, "example.com:0": false, "localhost.example.com:0": false,
	} {
		s, err := server.Listen(t.Context(), server.Config{Addr: addr, Handler: http.NotFoundHandler()})
		if !alone {
			require.ErrorContains(t, err, "set a token", addr)
			require.ErrorContains(t, err, addr)
			continue
		}
		if err != nil { // this machine lacks the address
			_, network := errors.AsType[*net.OpError](err)
			require.True(t, network, "%v", err)
			continue
		}
		stop(t, s)
	}
	s, err := server.Listen(t.Context(), server.Config{Addr: ":0", Handler: http.NotFoundHandler(), Protected: true})
	require.NoError(t, err)
	stop(t, s)
	_, err = server.Listen(t.Context(), server.Config{Addr: "nonsense", Handler: http.NotFoundHandler()})
	require.ErrorContains(t, err, "nonsense")
}

// stop ends a server that has not served yet.
func stop(t *testing.T, s *server.Server) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, s.Serve(ctx))
}

// 300 clients that begin a request and never end it do not block others, and are
// cut off.
func TestHalfOpenRequests(t *testing.T) {
	r := run(t, server.Config{Header: 300 * time.Millisecond})
	conns := make([]net.Conn, 300)
	for i := range conns {
		conns[i] = r.dial()
		_, err := fmt.Fprintf(conns[i], "POST /api HTTP/1.1\r\nHost: localhost\r\nX-%d: ", i)
		require.NoError(t, err)
	}
	status, body := r.get()
	require.Equal(t, 200, status)
	require.Equal(t, "ok", body)
	for _, conn := range conns {
		raw, err := io.ReadAll(conn) // until the server closes it
		require.NoError(t, err)
		require.NotContains(t, string(raw), "200 OK")
	}
}

func TestHugeHeaders(t *testing.T) {
	r := run(t, server.Config{})
	for size, status := range map[int]int{16 << 10: 200, 64 << 10: 431, 512 << 10: 431} {
		conn := r.dial()
		go func() { // the server does not read all of it
			_, _ = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n", strings.Repeat("x", size))
		}()
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, status, resp.StatusCode, "%d bytes", size)
	}
}

// ask makes a request on a connection that stays open.
func ask(t *testing.T, conn net.Conn, request string) {
	t.Helper()
	_, err := fmt.Fprint(conn, request)
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 200, resp.StatusCode)
}

const plain = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

// Clients that stay connected and ask nothing keep no other out: the one that is
// idle for longest is closed.
func TestConnections(t *testing.T) {
	s, r := runServer(t, server.Config{Connections: 3, Idle: time.Minute})
	open := make([]net.Conn, 3)
	for i := range open {
		open[i] = r.dial()
		ask(t, open[i], plain)
	}
	ask(t, open[0], plain) // now the second is the oldest
	status, _ := r.get()
	require.Equal(t, 200, status)
	_, err := io.ReadAll(open[1]) // the server has closed it
	require.NoError(t, err)
	ask(t, open[0], plain)
	ask(t, open[2], plain)
	require.EqualValues(t, 1, s.Stats().Evicted)
	require.Eventually(t, func() bool { return s.Stats().Open == 2 }, 10*time.Second, time.Millisecond)
}

// A request under way is not cut off for a new connection. When all connections are
// busy, probes are answered, and others are asked to come again.
func TestProbesWhenAllIsBusy(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	_, r := runServer(t, server.Config{
		Connections: 2, Probe: func(r *http.Request) bool { return r.URL.Path == "/healthz" },
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				arrived <- struct{}{}
				<-release
			}
		}),
	})
	slow := []net.Conn{r.dial(), r.dial()}
	for _, conn := range slow {
		_, err := fmt.Fprint(conn, "GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
		require.NoError(t, err)
		<-arrived
	}
	for range 50 { // more than there are connections for probes
		ask(t, r.dial(), "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
		status, body := r.get()
		require.Equal(t, 503, status)
		require.Contains(t, body, "busy")
	}
	close(release)
	for _, conn := range slow {
		ask(t, conn, "") // the answer of before
	}
	require.Eventually(t, func() bool { status, _ := r.get(); return status == 200 }, 10*time.Second, time.Millisecond)
}

// A body that a handler does not read, and that never comes, holds no connection.
func TestBodyThatNeverComes(t *testing.T) {
	r := run(t, server.Config{
		Body:    50 * time.Millisecond,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }),
	})
	conn := r.dial()
	_, err := fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nx")
	require.NoError(t, err)
	_, _ = io.ReadAll(conn) // ends
}

// Requests under way end, and new ones do not begin.
func TestDrainLetsRequestsEnd(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	var draining atomic.Bool
	r := run(t, server.Config{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			close(arrived)
			<-release
			if req.Context().Err() == nil {
				_, _ = io.WriteString(w, "done")
			}
		}),
		Drain: time.Minute, Draining: func() { draining.Store(true) },
	})
	answer := make(chan string, 1)
	go func() {
		_, body := r.get()
		answer <- body
	}()
	<-arrived
	require.False(t, draining.Load())
	r.stop()
	require.Eventually(t, func() bool {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", r.addr)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, 10*time.Second, time.Millisecond, "still listening")
	require.True(t, draining.Load())
	close(release)
	require.Equal(t, "done", <-answer)
	require.NoError(t, <-r.done)
}

// A request that does not end in time is cut off: its context is done, its
// connection is closed.
func TestDrainEnds(t *testing.T) {
	arrived, ended := make(chan struct{}), make(chan struct{})
	r := run(t, server.Config{
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
			close(arrived)
			<-req.Context().Done()
			close(ended)
		}),
		Drain: 20 * time.Millisecond,
	})
	conn := r.dial()
	_, err := fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	require.NoError(t, err)
	<-arrived
	r.stop()
	require.NoError(t, <-r.done)
	<-ended
	_, _ = io.ReadAll(conn) // ends
}

func TestTakenAddress(t *testing.T) {
	r := run(t, server.Config{})
	_, err := server.Listen(t.Context(), server.Config{Addr: r.addr, Handler: http.NotFoundHandler()})
	require.ErrorContains(t, err, r.addr)
	require.ErrorContains(t, err, "in use")
}
