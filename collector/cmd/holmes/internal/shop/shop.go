package shop

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A Shop is a service with its visitors. It is used by one goroutine.
type Shop struct {
	url      string
	server   *http.Server
	served   chan struct{}
	client   *http.Client
	sessions *sessions
	pages    *pages

	visitors sync.WaitGroup
	leave    context.CancelFunc // of those who always come
	cure     func()             // ends the fault that is on
}

// Open opens a shop, with visitors of whom it takes no notice.
func Open() (*Shop, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("holmes demo: %w", err)
	}
	s := &Shop{
		url: "http://" + listener.Addr().String(), served: make(chan struct{}), sessions: newSessions(), pages: newPages(),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}, cure: func() {},
	}
	s.server = &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(s.served)
		_ = s.server.Serve(listener) // until Close
	}()
	ctx, cancel := context.WithCancel(context.Background())
	s.leave = cancel
	for path, every := range map[string]time.Duration{
		"/search": 25 * time.Millisecond, "/orders": 25 * time.Millisecond, "/image": 25 * time.Millisecond,
		"/checkout?items=10": 50 * time.Millisecond, "/login?bytes=4096": 50 * time.Millisecond, "/report?pages=3": 50 * time.Millisecond,
	} {
		s.visitors.Go(func() { s.steadily(ctx, every, path) })
	}
	return s, nil
}

// Close ends the fault that is on, sends all visitors home and closes the shop.
func (s *Shop) Close() {
	s.cure()
	s.leave()
	s.visitors.Wait()
	s.client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if s.server.Shutdown(ctx) != nil {
		_ = s.server.Close()
	}
	<-s.served
	s.pages.release()
}

func (s *Shop) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /search", search)
	mux.HandleFunc("GET /orders", orders)
	mux.HandleFunc("GET /image", image)
	mux.HandleFunc("GET /checkout", checkout)
	mux.HandleFunc("GET /login", s.login)
	mux.HandleFunc("GET /report", s.report)
	return mux
}

// visit makes one request. What fails shows in the figures of the service.
func (s *Shop) visit(ctx context.Context, path string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, http.NoBody)
	if err != nil {
		return
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return
	}
	_ = resp.Body.Close()
}

// steadily makes requests at a pace, until ctx ends.
func (s *Shop) steadily(ctx context.Context, every time.Duration, path string) {
	pace := time.NewTicker(every)
	defer pace.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
			s.visit(ctx, path)
		}
	}
}

// search sorts what it has found.
func search(w http.ResponseWriter, _ *http.Request) {
	found := make([]int, 2000)
	for i := range found {
		found[i] = rand.Int()
	}
	slices.Sort(found)
	fmt.Fprintln(w, found[0])
}

// orders encodes a list and reads it back.
func orders(w http.ResponseWriter, _ *http.Request) {
	list := make([]map[string]any, 30)
	for i := range list {
		list[i] = map[string]any{"id": i, "lines": []string{"tea", "cups", "milk"}}
	}
	raw, err := json.Marshal(list)
	if err == nil {
		err = json.Unmarshal(raw, &list)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(raw)
}

// image makes something up.
func image(w http.ResponseWriter, _ *http.Request) {
	sum := sha256.Sum256([]byte("a cup of tea"))
	for range 1000 {
		sum = sha256.Sum256(sum[:])
	}
	_, _ = w.Write(sum[:])
}

func number(r *http.Request, name string) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil {
		return 1
	}
	return n
}
