package reportertest

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// strangers are a hostile receiver, and a second one elsewhere that must get no
// connection.
type strangers struct {
	does      func(*stranger)
	listener  net.Listener
	elsewhere net.Listener
	end       context.Context
	stop      context.CancelFunc
	running   sync.WaitGroup

	connections atomic.Int64
	lost        atomic.Int64 // connections to elsewhere
	swallowed   atomic.Bool  // more than one may
}

// receive starts a receiver, whom close stops.
func receive(t testing.TB, does func(*stranger)) *strangers {
	t.Helper()
	s := &strangers{does: does, listener: listen(t), elsewhere: listen(t)}
	s.end, s.stop = context.WithCancel(context.Background())
	if does == nil { // a receiver that does not listen
		_ = s.listener.Close()
	}
	s.running.Go(func() { s.accept(s.listener, s.meet) })
	s.running.Go(func() { s.accept(s.elsewhere, func(net.Conn) { s.lost.Add(1) }) })
	return s
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (s *strangers) url() string { return "http://" + s.listener.Addr().String() }

func (s *strangers) accept(l net.Listener, meet func(net.Conn)) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		s.running.Go(func() {
			defer conn.Close()
			// A connection ends with the receiver, whatever it is doing.
			defer context.AfterFunc(s.end, func() { _ = conn.Close() })()
			meet(conn)
		})
	}
}

func (s *strangers) meet(conn net.Conn) {
	s.connections.Add(1)
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(64 << 10) // what is written is nearly what is read
	}
	s.does(&stranger{conn: conn, in: bufio.NewReader(conn), of: s})
}

func (s *strangers) close() {
	s.stop()
	_ = s.listener.Close()
	_ = s.elsewhere.Close()
	s.running.Wait()
}

// judge checks what a Report has cost.
func (s *strangers) judge(t testing.TB) {
	t.Helper()
	s.close()
	if n := s.connections.Load(); n > maxConnections {
		t.Errorf("Report made %d connections, want %d at most", n, maxConnections)
	}
	if s.lost.Load() > 0 {
		t.Errorf("Report went where the receiver pointed: evidence goes where the configuration says")
	}
	if s.swallowed.Load() {
		t.Errorf("Report read more than %d MiB of an answer without end", maxSwallowed>>20)
	}
}

// A stranger is the receiver's end of a connection.
type stranger struct {
	conn    net.Conn
	in      *bufio.Reader
	of      *strangers
	written int
}

// hear reads the request to its end.
func (s *stranger) hear() {
	if r, err := http.ReadRequest(s.in); err == nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
}

// say writes, and reports whether the other side still reads.
func (s *stranger) say(text string) bool {
	n, err := io.WriteString(s.conn, text)
	if s.written += n; s.written > maxSwallowed {
		s.of.swallowed.Store(true)
		return false
	}
	return err == nil
}

// Write says what it is given, for writers of other forms.
func (s *stranger) Write(p []byte) (int, error) {
	if !s.say(string(p)) {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

// answer says something after it has heard all. "\n" ends a line.
func (s *stranger) answer(text string) {
	s.hear()
	s.say(strings.ReplaceAll(text, "\n", "\r\n"))
}

// forever says something until the other side stops reading.
func (s *stranger) forever(text string) {
	for s.say(text) {
	}
}

// hang waits until the other side has left, or the receiver ends.
func (s *stranger) hang() { _, _ = io.Copy(io.Discard, s.conn) }

// freeze waits without reading.
func (s *stranger) freeze() { <-s.of.end.Done() }

// reset breaks off so that the other side notices.
func (s *stranger) reset() {
	if tcp, ok := s.conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = s.conn.Close()
}
