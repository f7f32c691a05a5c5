package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-holmes/holmes/internal/procstat"
	"github.com/go-holmes/holmes/internal/program"
)

// serveEnv makes this program the service.
const serveEnv = "HOLMES_RECORD_SERVE"

// serve is the service: three handlers, a cache that is rebuilt every minute, a
// report every five. It writes its address, then its own readings once a
// second, and ends with its input.
func serve(until io.Reader, out io.Writer) error {
	readings := procstat.Open()
	defer readings.Close()
	ctx, cancel := context.WithCancel(context.Background())
	s := &shop{}
	var jobs sync.WaitGroup
	defer jobs.Wait()
	defer cancel()
	return program.Serve(s.handler(), until, func(address net.Addr) {
		fmt.Fprintln(out, address)
		jobs.Go(func() { every(ctx, time.Second, meter(out, readings)) })
		jobs.Go(func() { every(ctx, time.Minute, s.rebuild) })
		jobs.Go(func() { every(ctx, 5*time.Minute, s.summarise) })
	})
}

func every(ctx context.Context, d time.Duration, f func()) {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			f()
		}
	}
}

// meter returns a function that writes a reading: the CPU time since the last one
// over the real time, and the resident memory in MiB. What cannot be read shows in the
// recording as 0.
func meter(out io.Writer, r *procstat.Reader) func() {
	last, _ := r.CPUTime()
	at := time.Now()
	return func() {
		cpu, _ := r.CPUTime()
		memory, _ := r.Memory()
		now := time.Now()
		fmt.Fprintf(out, "%.2f %.1f\n", float64(cpu-last)/float64(now.Sub(at))*100, float64(memory.Resident)/(1<<20))
		last, at = cpu, now
	}
}

// A shop has a catalogue in a cache.
type shop struct {
	mu    sync.Mutex
	cache []byte
}

type article struct {
	ID    int
	Name  string
	Price float64
	Tags  []string
}

func (s *shop) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/list", s.list)
	mux.HandleFunc("/search", s.search)
	mux.HandleFunc("/order", s.order)
	return mux
}

// catalogue makes n articles, as the work of a request.
func catalogue(n int) []article {
	all := make([]article, n)
	for i := range all {
		name := strconv.Itoa(i * 7919 % 104729)
		all[i] = article{i, name, float64(i%977) / 7, []string{name, "tag-" + name, strings.Repeat("x", i%13)}}
	}
	return all
}

// size is the number of articles that a request asks for.
func size(r *http.Request) int {
	n, _ := strconv.Atoi(r.URL.Query().Get("n")) // 0 is an empty answer
	return min(max(n, 0), 50_000)
}

func (s *shop) list(w http.ResponseWriter, r *http.Request) {
	_ = json.NewEncoder(w).Encode(catalogue(size(r))) // the client may have gone
}

func (s *shop) search(w http.ResponseWriter, r *http.Request) {
	found := 0
	for _, a := range catalogue(size(r)) {
		sum := sha256.Sum256([]byte(a.Name + a.Tags[1]))
		if sum[0] < 8 {
			found++
		}
	}
	fmt.Fprintln(w, found)
}

func (s *shop) order(w http.ResponseWriter, r *http.Request) {
	raw, err := json.Marshal(catalogue(size(r)))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	var back []article
	if err := json.Unmarshal(raw, &back); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, len(back))
}

// rebuild renews the cache.
func (s *shop) rebuild() {
	raw, err := json.Marshal(catalogue(20_000))
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cache = raw
}

// summarise compresses the cache several times.
func (s *shop) summarise() {
	s.mu.Lock()
	raw := bytes.Clone(s.cache)
	s.mu.Unlock()
	for range 10 {
		z := gzip.NewWriter(io.Discard)
		_, _ = z.Write(raw) // io.Discard takes all
		_ = z.Close()
	}
}
