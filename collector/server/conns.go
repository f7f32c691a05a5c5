package server

import (
	"container/list"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// A pool bounds the open connections. Above the bound the one that has waited
// longest for its client is closed: it is idle between two requests, or its header
// is not complete. Where all of them are being served, some more are let in for
// probes, and the rest waits to be accepted.
type pool struct {
	net.Listener
	most, reserve int

	mu      sync.Mutex
	open    int
	evicted int64
	waiting list.List     // of *conn, the longest first
	freed   chan struct{} // a connection has been closed
	done    chan struct{}
	once    sync.Once
}

func newPool(l net.Listener, most, reserve int) *pool {
	return &pool{Listener: l, most: most, reserve: reserve, freed: make(chan struct{}, 1), done: make(chan struct{})}
}

// Accept implements [net.Listener].
func (p *pool) Accept() (net.Conn, error) {
	accepted, err := p.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: accepted, pool: p}
	for !p.admit(c) {
		select {
		case <-p.freed:
		case <-p.done:
			_ = accepted.Close()
			return nil, net.ErrClosed
		}
	}
	return c, nil
}

// admit counts a connection, and makes room for it. It returns false if there is
// none.
func (p *pool) admit(c *conn) bool {
	p.mu.Lock()
	var oldest *conn
	if p.open >= p.most {
		if first := p.waiting.Front(); first != nil {
			oldest = first.Value.(*conn) //nolint:forcetypeassert // the list has nothing else
			p.evicted++
			oldest.leave()
		}
	}
	ok := p.open < p.most+p.reserve
	if ok {
		c.reserved = p.open >= p.most
		p.open++
		c.wait()
	}
	p.mu.Unlock()
	if oldest != nil {
		_ = oldest.Conn.Close()
	}
	return ok
}

// Close implements [net.Listener].
func (p *pool) Close() error {
	p.once.Do(func() { close(p.done) })
	return p.Listener.Close()
}

// A conn is a connection of a pool. The pool's mutex guards its fields.
type conn struct {
	net.Conn
	pool     *pool
	reserved bool          // for probes
	place    *list.Element // among the waiting ones, or nil
	left     bool          // it is not counted any more
}

// Close implements [net.Conn].
func (c *conn) Close() error {
	c.pool.mu.Lock()
	c.leave()
	c.pool.mu.Unlock()
	return c.Conn.Close()
}

// leave ends the counting of a connection.
func (c *conn) leave() {
	if c.left {
		return
	}
	c.serve()
	c.left = true
	c.pool.open--
	select {
	case c.pool.freed <- struct{}{}:
	default:
	}
}

// wait notes that the client's turn has begun.
func (c *conn) wait() {
	if c.serve(); !c.left {
		c.place = c.pool.waiting.PushBack(c)
	}
}

// serve notes that a request is being served, so that the connection is not closed.
func (c *conn) serve() {
	if c.place != nil {
		c.pool.waiting.Remove(c.place)
		c.place = nil
	}
}

// changed follows the states of connections.
func changed(c net.Conn, state http.ConnState) {
	own := ours(c)
	own.pool.mu.Lock()
	defer own.pool.mu.Unlock()
	if state == http.StateIdle || state == http.StateActive && own.place != nil {
		own.wait()
	}
}

// ours returns the connection below TLS.
func ours(c net.Conn) *conn {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	return c.(*conn) //nolint:forcetypeassert // the pool has accepted it
}

type connKey struct{}

// withConn adds a connection to the context of its requests.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, ours(c))
}

// serving notes that a request is being served, and reports whether its connection
// is one for probes.
func serving(r *http.Request) (reserved bool) {
	c, ok := r.Context().Value(connKey{}).(*conn)
	if !ok {
		return false
	}
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	c.serve()
	return c.reserved
}
