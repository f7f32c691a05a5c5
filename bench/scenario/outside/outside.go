// Package outside is what a shop has around it: visitors who come by HTTP, a
// database, and a partner's service. It runs beside the shop in a process of
// its own, so that the work of these is not in the shop's profiles; tests keep
// it in theirs.
package outside

import (
	"context"
	"errors"
	"net/http"
	"sync"
)

// A Visit is one kind of request that visitors make again and again.
type Visit struct {
	// Path is what they ask for. "{id}" in it is a number below IDs, another one
	// each time.
	Path string `json:"path"`
	// Body is what they send, if anything.
	Body string `json:"body,omitempty"`
	// PerSecond is how many come in the mean. They come at random times, and
	// whether or not those before have been served.
	PerSecond float64 `json:"per_second"`
	// Most is how many can be waiting at once, 0 for 2000.
	Most int `json:"most,omitempty"`
}

// IDs is how many products there are.
const IDs = 24_000

// A World is what the shop sees of it.
type World interface {
	// Database is the address of the database, and Partner the URL of the
	// partner's service.
	Database() string
	Partner() string
	// Open tells the visitors where the shop is.
	Open(url string) error
	// Visit lets visitors come, until Close.
	Visit(v Visit) error
	// Rise multiplies the rate of all visits.
	Rise(factor float64) error
	// Close sends everybody home and waits until they have gone.
	Close() error
}

// Local is a World in this process.
type Local struct {
	cancel   context.CancelFunc
	wg       sync.WaitGroup
	crowd    *crowd
	database *database
	partner  *partner
}

// NewLocal starts a World in this process.
func NewLocal() (*Local, error) {
	ctx, cancel := context.WithCancel(context.Background())
	l := &Local{cancel: cancel, crowd: newCrowd(ctx)}
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
	l.crowd.shop.Store(&url)
	return nil
}

// Visit implements [World].
func (l *Local) Visit(v Visit) error {
	l.wg.Go(func() { l.crowd.come(v) })
	return nil
}

// Rise implements [World].
func (l *Local) Rise(factor float64) error {
	l.crowd.factor.Store(&factor)
	return nil
}

// Close implements [World].
func (l *Local) Close() (err error) {
	l.cancel()
	l.wg.Wait()
	l.crowd.client.CloseIdleConnections()
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
