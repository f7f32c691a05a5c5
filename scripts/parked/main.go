// Command parked measures what a goroutine event costs a process with a hundred
// thousand goroutines: how much longer the world is stopped, and how much is allocated,
// beside the prediction.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/program"
)

const usage = `parked parks goroutines, takes goroutine profiles of them with holmes, and
prints their cost in JSON.

Usage: parked [-n goroutines] [-depth calls] [-runs n]

`

// report is the output.
type report struct {
	Goroutines int
	// StoppedAlone and Stopped are how long the world was stopped in a run
	// without and with a capture, medians in microseconds.
	StoppedAlone, Stopped float64
	// Allocated and Predicted are bytes, medians of the later captures, which
	// know what the first one cost, and of the first one.
	Allocated, Predicted           uint64
	AllocatedFirst, PredictedFirst uint64
	CPU                            time.Duration // of a capture, median
	State                          holmes.State  // of the event that the rise itself caused
	Profile                        string        // its goroutine profile
	Sentence                       string
}

func main() {
	n := flag.Int("n", 100_000, "goroutines to park")
	depth := flag.Int("depth", 8, "calls in the stack of each")
	runs := flag.Int("runs", 7, "captures to take")
	program.Parse(usage)
	program.Main("parked", func(ctx context.Context) error {
		r, err := measure(ctx, *n, *depth, *runs)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(r)
	})
}

func measure(ctx context.Context, n, depth, runs int) (r report, err error) {
	dir, err := os.MkdirTemp("", "holmes-parked-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	events := make(chan *holmes.Event, 1)
	h, err := holmes.New(holmes.WithDumpPath(dir), holmes.WithCollectInterval("100ms"), holmes.WithGrace(0),
		holmes.WithReporter(first{events}))
	if err != nil {
		return r, err
	}
	h.Disable(holmes.SignalCPU, holmes.SignalMem, holmes.SignalGCHeap, holmes.SignalThread)
	if err := h.Start(); err != nil {
		return r, err
	}
	defer h.Stop()
	<-time.After(2 * time.Second) // the warm-up of the rule
	var parked sync.WaitGroup
	parked.Add(n)
	for range n {
		go park(depth, &parked)
	}
	parked.Wait()
	select {
	case e := <-events:
		r.State, r.Sentence = e.State, e.Trigger.Sentence()
		r.AllocatedFirst, r.PredictedFirst = e.Cost.AllocBytes, e.Cost.PredictedBytes
		if p := e.Profile(holmes.KindGoroutine); p != nil {
			r.Profile = p.File
		}
	case <-time.After(time.Minute):
		return r, errors.New("no event of the rise within a minute")
	}
	err = r.captures(ctx, h, runs)
	return r, err
}

// captures takes profiles on demand, each followed by as long a time without one.
func (r *report) captures(ctx context.Context, h *holmes.Holmes, runs int) error {
	var alone, with []float64
	var allocated []uint64
	var cpu []time.Duration
	for range runs {
		begin, before := time.Now(), stopped()
		e, err := h.CaptureNow(ctx, holmes.KindGoroutine)
		if err != nil {
			return err
		}
		with = append(with, stopped()-before)
		allocated = append(allocated, e.Cost.AllocBytes)
		r.Predicted = e.Cost.PredictedBytes
		cpu = append(cpu, time.Duration(e.Cost.CPUSeconds*float64(time.Second)))
		took := time.Since(begin)

		before = stopped()
		<-time.After(took)
		alone = append(alone, stopped()-before)
	}
	r.Goroutines = runtime.NumGoroutine()
	r.StoppedAlone, r.Stopped = median(alone), median(with)
	r.Allocated, r.CPU = median(allocated), median(cpu)
	return nil
}

// stopped is how long the world was stopped so far, without garbage collections, in
// microseconds.
func stopped() (sum float64) {
	read := []metrics.Sample{{Name: "/sched/pauses/total/other:seconds"}}
	metrics.Read(read)
	h := read[0].Value.Float64Histogram()
	for i, n := range h.Counts {
		if n > 0 {
			sum += float64(n) * h.Buckets[i+1] * 1e6
		}
	}
	return sum
}

func median[T float64 | uint64 | time.Duration](of []T) T {
	slices.Sort(of)
	return of[len(of)/2]
}

//go:noinline
func park(depth int, parked *sync.WaitGroup) {
	if depth > 0 {
		park(depth-1, parked)
		return
	}
	parked.Done()
	select {}
}

// first passes one event on.
type first struct{ to chan *holmes.Event }

// Report implements [holmes.Reporter].
func (f first) Report(_ context.Context, e *holmes.Event) error {
	select {
	case f.to <- e:
	default:
	}
	return nil
}
