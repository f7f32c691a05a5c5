package shop

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
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

// A Shop is the service with its visitors. Its methods are called by one
// goroutine.
type Shop struct {
	url      string
	server   *http.Server
	served   chan struct{} // closed when the server has ended
	sessions *sessions
	pages    *pages
	products map[string][]byte // rendered, by ID

	visitor  *visitor
	load     sync.WaitGroup
	unload   context.CancelFunc
	endFault func()
}

// Open serves on a free port of loopback, under load, until Close.
func Open() (*Shop, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Shop{
		url: "http://" + listener.Addr().String(), served: make(chan struct{}),
		sessions: newSessions(), pages: newPages(), products: map[string][]byte{}, endFault: func() {},
	}
	for i := range 500 {
		id := strconv.Itoa(i)
		s.products[id] = bytes.Repeat([]byte("product "+id+" "), 3000)
	}
	s.server = &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(s.served)
		_ = s.server.Serve(listener) // until Close
	}()
	s.visitor = newVisitor(s.url)
	ctx, cancel := context.WithCancel(context.Background())
	s.unload = cancel
	s.load.Go(func() { steadyLoad(ctx, s.visitor) })
	return s, nil
}

// URL is the address of the shop.
func (s *Shop) URL() string { return s.url }

// Close ends the fault, the load and the service, in this order.
func (s *Shop) Close() {
	s.endFault()
	s.unload()
	s.load.Wait()
	s.visitor.leave()
	s.pages.release()
	s.sessions.clear()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if s.server.Shutdown(ctx) != nil {
		_ = s.server.Close()
	}
	<-s.served
}

func (s *Shop) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /search", search)
	mux.HandleFunc("GET /orders", orders)
	mux.HandleFunc("GET /hash", hash)
	mux.HandleFunc("GET /product/{id}", s.product)
	mux.HandleFunc("GET /checkout", checkout)
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("GET /report", s.report)
	return mux
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

// orders encodes JSON and reads it back.
func orders(w http.ResponseWriter, _ *http.Request) {
	list := make([]map[string]any, 30)
	for i := range list {
		list[i] = map[string]any{"id": i, "lines": []string{"one", "two", "three"}, "extra": map[string]string{"gift": "yes"}}
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

// hash is a slow checksum.
func hash(w http.ResponseWriter, _ *http.Request) {
	sum := sha256.Sum256([]byte("password"))
	for range 1000 {
		sum = sha256.Sum256(sum[:])
	}
	fmt.Fprintln(w, hex.EncodeToString(sum[:]))
}

// product shows a product.
func (s *Shop) product(w http.ResponseWriter, r *http.Request) {
	_, _ = w.Write(s.products[r.PathValue("id")])
}

func number(r *http.Request, name string) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil {
		return 1
	}
	return n
}
