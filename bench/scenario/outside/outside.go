// Package outside has the peers of a shop: HTTP clients, a database, and a partner's
// service. It runs in a process of its own, so that their work is not in the shop's
// profiles; tests run it in their own process.
package outside

import (
	"context"
	"errors"
	"net/http"
	"sync"
)

// A Visit is one kind of request that clients repeat.
type Visit struct {
	// Path is the requested path. "{id}" in it is a random number below IDs.
	Path string `json:"path"`
	// Body is the body of the request, or empty.
	Body string `json:"body,omitempty"`
	// PerSecond is the mean rate. The requests come at random times, whether or not
	// former ones have been answered.
	PerSecond float64 `json:"per_second"`
	// Most bounds the requests under way, 0 for 2000.
	Most int `json:"most,omitempty"`
}

// IDs is the number of products.
const IDs = 24_000

// A World has the peers of a shop.
type World interface {
	// Database is the address of the database, and Partner the URL of the
	// partner's service.
	Database() string
	Partner() string
	// Open sets the URL of the shop.
	Open(url string) error
	// Visit starts a kind of visits, until Close.
	Visit(v Visit) error
	// Rise multiplies the rate of all visits.
	Rise(factor float64) error
	// Close ends all peers and waits for them.
	Close() error
}

// Local is a World in this process.
type Local struct {
	cancel   context.CancelFunc
	wg       sync.WaitGroup
	clients  *clients
	database *database
	partner  *partner
}

// NewLocal starts a World in this process.
func NewLocal() (*Local, error) {
	ctx, cancel := context.WithCancel(context.Background())
	l := &Local{cancel: cancel, clients: newClients(ctx)}
	var err, also error
	l.database, err = serveDatabase(ctx)
	l.partner, also = servePartner(ctx)
	if err = errors.Join(err, also); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Database implements [World].
func (l *Local) Database() string { return l.database.addr() }

// Partner implements [World].
func (l *Local) Partner() string { return l.partner.url }

// Open implements [World].
func (l *Local) Open(url string) error {
	l.clients.shop.Store(&url)
	return nil
}

// Visit implements [World].
func (l *Local) Visit(v Visit) error {
	l.wg.Go(func() { l.clients.visit(v) })
	return nil
}

// Rise implements [World].
func (l *Local) Rise(factor float64) error {
	l.clients.factor.Store(&factor)
	return nil
}

// Close implements [World].
func (l *Local) Close() (err error) {
	l.cancel()
	l.wg.Wait()
	l.clients.client.CloseIdleConnections()
	if l.partner != nil {
		err = l.partner.close()
	}
	if l.database != nil {
		err = errors.Join(err, l.database.close())
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}
