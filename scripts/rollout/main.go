//go:build linux

// Command rollout is a process as a rollout starts it: idle, then under its usual
// traffic with file I/O, then with a fault. It prints what holmes reports.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"syscall"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/procstat"
	"github.com/go-holmes/holmes/internal/program"
)

const usage = `rollout starts as a pod of a rollout does, and prints in JSON what holmes reports.

Usage: rollout [-idle d] [-traffic d] [-fault d]

`

// A report is one line of the output.
type report struct {
	After    time.Duration // since the start
	Signal   holmes.Signal
	State    holmes.State
	Culprit  string // named with confidence
	Sentence string
}

// cores is 100 % of CPU, so that a busy machine has as much.
const cores = 0.15

func main() {
	idle := flag.Duration("idle", 20*time.Second, "time without traffic")
	traffic := flag.Duration("traffic", time.Minute, "time of traffic before the fault")
	fault := flag.Duration("fault", time.Minute, "time of the fault")
	program.Parse(usage)
	program.Main("rollout", func(ctx context.Context) error { return roll(ctx, *idle, *traffic, *fault) })
}

func roll(ctx context.Context, idle, traffic, fault time.Duration) (err error) {
	dir, err := os.MkdirTemp("", "holmes-rollout-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	h, err := holmes.New(holmes.WithDumpPath(dir), holmes.WithReporter(printer{time.Now()}), holmes.WithCPUCore(cores))
	if err != nil {
		return err
	}
	if err := h.Start(); err != nil {
		return err
	}
	defer h.Stop()
	ctx, cancel := context.WithTimeout(ctx, idle+traffic+fault)
	defer cancel()
	wait(ctx, idle)
	for range workers {
		go serve(ctx, dir)
	}
	wait(ctx, traffic)
	for range 4 {
		go spin(ctx)
	}
	<-ctx.Done()
	return nil
}

const (
	workers = 16
	usual   = 0.22             // of the cores, file I/O included
	request = time.Millisecond // of CPU, without file I/O
	pause   = 10 * time.Millisecond
)

// serve is one worker under the usual traffic, which began when the process had used
// some CPU.
func serve(ctx context.Context, dir string) {
	begun, before := time.Now(), used()
	f, err := os.CreateTemp(dir, "worker-")
	if err != nil {
		return
	}
	defer f.Close()
	page := make([]byte, 16<<10)
	for ctx.Err() == nil {
		handle(request)
		_, _ = f.WriteAt(page, 0)
		_ = f.Sync()
		for ctx.Err() == nil && float64(used()-before) > usual*cores*float64(time.Since(begun)) {
			wait(ctx, pause)
		}
	}
}

// used is the CPU time of the process.
func used() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

//go:noinline
func handle(d time.Duration) {
	begun, _ := procstat.ThreadCPUTime()
	for now := begun; now-begun < d; {
		now, _ = procstat.ThreadCPUTime()
	}
}

// spin is the fault.
//
//go:noinline
func spin(ctx context.Context) (n int) {
	for ctx.Err() == nil {
		for i := range 1_000_000 {
			n += i * i
		}
	}
	return n
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

type printer struct{ begun time.Time }

func (p printer) Report(_ context.Context, e *holmes.Event) error {
	r := report{After: e.At.Sub(p.begun), Signal: e.Trigger.Sample.Signal, State: e.State, Sentence: e.Sentence()}
	if e.Diagnosis.Confident {
		r.Culprit = e.Diagnosis.Culprits[0].Function
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}
