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

// A crowd is the visitors.
type crowd struct {
	ctx    context.Context //nolint:containedctx // it ends the crowd, whoever is in it
	client *http.Client
	shop   atomic.Pointer[string]
	factor atomic.Pointer[float64]
}

// idle is how many connections visitors keep. What a rush has opened beyond
// that is closed, or the shop would have more goroutines ever after.
const idle = 32

func newCrowd(ctx context.Context) *crowd {
	c := &crowd{ctx: ctx, client: &http.Client{
		Timeout:   time.Minute,
		Transport: &http.Transport{MaxIdleConnsPerHost: idle},
	}}
	nowhere, one := "", 1.0
	c.shop.Store(&nowhere)
	c.factor.Store(&one)
	return c
}

// come makes a visit again and again until the crowd ends.
func (c *crowd) come(v Visit) {
	most := v.Most
	if most == 0 {
		most = 2000
	}
	inside := make(chan struct{}, most)
	var wg sync.WaitGroup
	defer wg.Wait()
	for c.wait(v) {
		select {
		case inside <- struct{}{}:
			wg.Go(func() {
				c.call(v)
				<-inside
			})
		default: // the queue before the shop is so long that they go elsewhere
		}
	}
}

// wait lets the time between two visitors pass.
func (c *crowd) wait(v Visit) bool {
	pause := rand.ExpFloat64() / (v.PerSecond * *c.factor.Load())
	select {
	case <-c.ctx.Done():
		return false
	case <-time.After(time.Duration(pause * float64(time.Second))):
		return true
	}
}

// call is one visit. What the shop answers is read and thrown away; visitors do
// not mind errors.
func (c *crowd) call(v Visit) {
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
