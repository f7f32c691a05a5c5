package main

import (
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

// A service is a small web shop.
type service struct {
	url      string
	sessions *sessions
	pages    *pages
	cache    sync.Map // of rendered products

	server *http.Server
	done   chan struct{}
}

// startService serves on a free port of loopback until stop.
func startService() (*service, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &service{
		url:      "http://" + listener.Addr().String(),
		sessions: newSessions(),
		pages:    newPages(),
		done:     make(chan struct{}),
	}
	s.server = &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(s.done)
		_ = s.server.Serve(listener) // until stop
	}()
	return s, nil
}

func (s *service) routes() http.Handler {
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

// stop ends the service and all that its faults have left running.
func (s *service) stop() {
	s.pages.release()
	s.sessions.clear()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if s.server.Shutdown(ctx) != nil {
		_ = s.server.Close()
	}
	<-s.done
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

type order struct {
	ID    int               `json:"id"`
	Lines []string          `json:"lines"`
	Extra map[string]string `json:"extra"`
}

// orders encodes JSON and reads it back.
func orders(w http.ResponseWriter, _ *http.Request) {
	list := make([]order, 30)
	for i := range list {
		list[i] = order{ID: i, Lines: []string{"one", "two", "three"}, Extra: map[string]string{"gift": "yes"}}
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

// product renders what is not in the cache.
func (s *service) product(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	page, ok := s.cache.Load(id)
	if !ok {
		page, _ = s.cache.LoadOrStore(id, slices.Repeat([]byte("product "+id+" "), 3000))
	}
	if page, ok := page.([]byte); ok {
		_, _ = w.Write(page)
	}
}

func number(r *http.Request, name string) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil {
		return 1
	}
	return n
}
