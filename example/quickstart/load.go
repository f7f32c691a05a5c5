package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// A visitor sends requests to the service, as a browser would.
type visitor struct {
	client *http.Client
	url    string
}

func newVisitor(url string) *visitor {
	return &visitor{url: url, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
}

// leave closes the connections.
func (v *visitor) leave() { v.client.CloseIdleConnections() }

// send makes one request and reads the answer. What fails is the service's
// matter, and shows in its figures.
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

// steadily sends requests at a fixed pace until ctx is done.
func (v *visitor) steadily(ctx context.Context, every time.Duration, method string, path func(n int) string) {
	pace := time.NewTicker(every)
	defer pace.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
			v.send(ctx, method, path(n))
		}
	}
}

// steadyLoad is what the service has to do on any day. It returns when ctx is
// done and all requests have ended.
func steadyLoad(ctx context.Context, v *visitor) {
	same := func(path string) func(int) string { return func(int) string { return path } }
	product := func(n int) string { return fmt.Sprintf("/product/%d", n%500) }
	var all sync.WaitGroup
	for _, l := range []struct {
		method string
		path   func(int) string
		every  time.Duration
	}{
		{http.MethodGet, same("/search"), 5 * time.Millisecond},
		{http.MethodGet, same("/orders"), 5 * time.Millisecond},
		{http.MethodGet, same("/hash"), 5 * time.Millisecond},
		{http.MethodGet, product, 5 * time.Millisecond},
		{http.MethodGet, same("/checkout?items=10"), 20 * time.Millisecond},
		{http.MethodPost, same("/login?bytes=4096"), 20 * time.Millisecond},
		{http.MethodGet, same("/report?pages=3"), 20 * time.Millisecond},
	} {
		all.Go(func() { v.steadily(ctx, l.every, l.method, l.path) })
	}
	all.Wait()
}
