package outside

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Clients are the load of the shop.
type clients struct {
	ctx    context.Context //nolint:containedctx // its end ends all clients
	client *http.Client
	shop   atomic.Pointer[string]
	factor atomic.Pointer[float64]
}

// idle is the number of idle connections. More are closed, or the shop would have more
// goroutines after each burst.
const idle = 32

func newClients(ctx context.Context) *clients {
	c := &clients{ctx: ctx, client: &http.Client{
		Timeout:   time.Minute,
		Transport: &http.Transport{MaxIdleConnsPerHost: idle},
	}}
	nowhere, one := "", 1.0
	c.shop.Store(&nowhere)
	c.factor.Store(&one)
	return c
}

// visit repeats a visit until the end of the context.
func (c *clients) visit(v Visit) {
	most := v.Most
	if most == 0 {
		most = 2000
	}
	waiting := make(chan struct{}, most)
	var wg sync.WaitGroup
	defer wg.Wait()
	for c.pause(v) {
		select {
		case waiting <- struct{}{}:
			wg.Go(func() {
				c.call(v)
				<-waiting
			})
		default: // too many are waiting, so this one gives up
		}
	}
}

// pause lets the time between two visits pass.
func (c *clients) pause(v Visit) bool {
	interval := rand.ExpFloat64() / (v.PerSecond * *c.factor.Load())
	select {
	case <-c.ctx.Done():
		return false
	case <-time.After(time.Duration(interval * float64(time.Second))):
		return true
	}
}

// call is one visit. The answer is read and discarded, errors are ignored.
func (c *clients) call(v Visit) {
	shop := *c.shop.Load()
	if shop == "" {
		return
	}
	id := strconv.Itoa(rand.IntN(IDs))
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if v.Body != "" {
		method, body = http.MethodPost, strings.NewReader(strings.ReplaceAll(v.Body, "{id}", id))
	}
	req, err := http.NewRequestWithContext(c.ctx, method, shop+strings.ReplaceAll(v.Path, "{id}", id), body)
	if err != nil {
		return
	}
	res, err := c.client.Do(req)
	if err != nil {
		return
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
}
