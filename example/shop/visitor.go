package shop

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

// A visitor sends requests to the shop, as a browser would.
type visitor struct {
	client *http.Client
	url    string
}

func newVisitor(url string) *visitor {
	return &visitor{url: url, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
}

// leave closes the connections.
func (v *visitor) leave() { v.client.CloseIdleConnections() }

// send makes one request and reads the answer. A failed request is not reported:
// it shows in the figures of the service.
func (v *visitor) send(ctx context.Context, method, path string) {
	req, err := http.NewRequestWithContext(ctx, method, v.url+path, http.NoBody)
	if err != nil {
		return
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
}

// steadily sends requests at a fixed pace until ctx ends.
func (v *visitor) steadily(ctx context.Context, every time.Duration, method, path string) {
	pace := time.NewTicker(every)
	defer pace.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
			v.send(ctx, method, path)
		}
	}
}

// steadyLoad is the work of a calm day. It returns when ctx has ended and all
// requests are answered.
func steadyLoad(ctx context.Context, v *visitor) {
	var all sync.WaitGroup
	for _, l := range []struct {
		method, path string
		every        time.Duration
	}{
		{http.MethodGet, "/search", 20 * time.Millisecond},
		{http.MethodGet, "/orders", 20 * time.Millisecond},
		{http.MethodGet, "/hash", 20 * time.Millisecond},
		{http.MethodGet, "/product/7", 20 * time.Millisecond},
		{http.MethodGet, "/checkout?items=10", 50 * time.Millisecond},
		{http.MethodPost, "/login?bytes=4096", 50 * time.Millisecond},
		{http.MethodGet, "/report?pages=3", 50 * time.Millisecond},
	} {
		all.Go(func() { v.steadily(ctx, l.every, l.method, l.path) })
	}
	all.Wait()
}
