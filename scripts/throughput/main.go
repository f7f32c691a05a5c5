// Command throughput measures what holmes costs a saturated server: requests per second
// of CPU time, with holmes and without, both servers under load at the same time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/program"
)

const usage = `throughput compares a saturated HTTP server on loopback with the same server
that has holmes in it, both with default settings and nothing to report.

In every pair both servers are started anew, in alternating order, and loaded at the
same time with one core each. They are compared by requests per second of their own
CPU time, and by resident memory.

Usage: throughput [-pairs n] [-time duration]

`

// serveEnv makes this program one of the servers: "with" or "without" holmes.
const serveEnv = "HOLMES_THROUGHPUT"

// warmup is how long a server is loaded before it is measured.
const warmup = 2 * time.Second

func main() {
	if kind := os.Getenv(serveEnv); kind != "" {
		program.Main("throughput", func(context.Context) error { return serve(kind) })
		return
	}
	pairs := flag.Int("pairs", 15, "pairs of servers to compare")
	length := flag.Duration("time", 6*time.Second, "how long each pair is measured")
	least := flag.Float64("least", 0, "fail when the median ratio is below this")
	program.Parse(usage)
	program.Main("throughput", func(ctx context.Context) error { return compare(ctx, *pairs, *length, *least) })
}

func compare(ctx context.Context, pairs int, length time.Duration, least float64) error {
	if pairs < 1 || length < time.Second {
		return fmt.Errorf("-pairs %d -time %v: at least one pair and one second", pairs, length)
	}
	var ratios, grown []float64
	for i := range pairs {
		with, without, err := onePair(ctx, i, length)
		if err != nil {
			return err
		}
		ratios = append(ratios, with.rate()/without.rate())
		grown = append(grown, (float64(with.rss)-float64(without.rss))/(1<<20))
		fmt.Fprintf(os.Stderr, "pair %d of %d: %.0f and %.0f requests a CPU second, ratio %.4f, %+.1f MiB\n",
			i+1, pairs, with.rate(), without.rate(), ratios[i], grown[i])
	}
	slices.Sort(ratios)
	slices.Sort(grown)
	median := ratios[pairs/2]
	fmt.Printf("requests per CPU second with holmes / without: median %.4f, quartiles %.4f and %.4f, of %d pairs\n",
		median, ratios[pairs/4], ratios[pairs*3/4], pairs)
	fmt.Printf("resident memory with holmes - without: median %+.1f MiB\n", grown[pairs/2])
	if median < least {
		return fmt.Errorf("the median ratio %.4f is below %v", median, least)
	}
	return nil
}

// figures are the figures of one server in the measured time.
type figures struct {
	requests uint64
	cpu      time.Duration
	rss      uint64
}

func (f figures) rate() float64 { return float64(f.requests) / f.cpu.Seconds() }

// onePair starts both servers and measures them at the same time.
func onePair(ctx context.Context, n int, length time.Duration) (with, without figures, err error) {
	kinds := []string{"with", "without"}
	if n%2 == 1 {
		slices.Reverse(kinds)
	}
	got := map[string]*figures{"with": &with, "without": &without}
	var servers []*server
	defer func() {
		for _, s := range servers {
			err = errors.Join(err, s.stop())
		}
	}()
	for _, kind := range kinds {
		s, err := startServer(ctx, kind)
		if err != nil {
			return with, without, err
		}
		servers = append(servers, s)
	}
	ctx, cancel := context.WithCancel(ctx)
	var clients sync.WaitGroup
	defer clients.Wait()
	defer cancel()
	for _, s := range servers {
		for range clientsEach {
			clients.Go(func() { s.load(ctx) })
		}
	}
	if err := wait(ctx, warmup); err != nil {
		return with, without, err
	}
	for _, s := range servers {
		if err := s.read(got[s.kind], -1); err != nil {
			return with, without, err
		}
	}
	if err := wait(ctx, length); err != nil {
		return with, without, err
	}
	for _, s := range servers {
		if err := s.read(got[s.kind], 1); err != nil {
			return with, without, err
		}
	}
	return with, without, nil
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// clientsEach is the number of clients of each server.
const clientsEach = 8

// A server is one of the two, in a process of its own.
type server struct {
	*program.Process
	kind     string
	address  string
	client   *http.Client
	requests atomic.Uint64
}

func startServer(ctx context.Context, kind string) (*server, error) {
	p, address, err := program.Start(ctx, serveEnv+"="+kind, "GOMAXPROCS=1")
	if err != nil {
		return nil, err
	}
	return &server{
		Process: p, kind: kind, address: address,
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clientsEach}},
	}, nil
}

// stop ends the server by the end of its input.
func (s *server) stop() error {
	s.client.CloseIdleConnections()
	return s.Stop()
}

// load sends requests until ctx is done.
func (s *server) load(ctx context.Context) {
	for ctx.Err() == nil {
		if program.Get(ctx, s.client, "http://"+s.address+"/") != nil {
			return
		}
		s.requests.Add(1) // incomplete answers count too
	}
}

// read adds the server's counters to f, times sign.
func (s *server) read(f *figures, sign int) error {
	f.requests += s.requests.Load() * uint64(sign) // wraps around and back
	cpu, err := cpuTime(s.Process.Process.Pid)
	if err != nil {
		return err
	}
	f.cpu += cpu * time.Duration(sign)
	f.rss, err = rss(s.Process.Process.Pid)
	return err
}

// cpuTime adds up the CPU time of the threads of a process, by the scheduler's
// counters.
func cpuTime(pid int) (sum time.Duration, err error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(threads) == 0 {
		return 0, fmt.Errorf("no scheduler statistics of process %d: %w", pid, err)
	}
	for _, path := range threads {
		text, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		field, _, _ := strings.Cut(string(text), " ")
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		sum += time.Duration(n)
	}
	return sum, nil
}

// rss is the resident memory of a process in bytes.
func rss(pid int) (uint64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	var size, resident uint64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		return 0, err
	}
	return resident * uint64(os.Getpagesize()), nil
}

// serve is the server. It ends with its input.
func serve(kind string) error {
	if kind == "with" {
		dir, err := os.MkdirTemp("", "holmes-throughput-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		h, err := holmes.New(holmes.WithDumpPath(dir))
		if err != nil {
			return err
		}
		if err := h.Start(); err != nil {
			return err
		}
		defer func() {
			for _, s := range h.Stats().Signals {
				if s.Suspected > 0 {
					log.Printf("throughput: %s was suspected %d times: this pair was not calm", s.Signal, s.Suspected)
				}
			}
			h.Stop()
		}()
	}
	return program.Serve(http.HandlerFunc(answer), os.Stdin, func(address net.Addr) { fmt.Println(address) })
}

// answer does some work of the usual kind: it allocates, formats and sorts.
func answer(w http.ResponseWriter, _ *http.Request) {
	words := make([]string, 64)
	for i := range words {
		words[i] = strconv.Itoa(i * 7919 % 1000)
	}
	slices.Sort(words)
	_, _ = io.WriteString(w, strings.Join(words, " "))
}
