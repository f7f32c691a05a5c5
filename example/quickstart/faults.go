package main

import (
	"context"
	"math"
	"net/http"
	"reflect"
	"runtime"
	"sync"
	"time"

	"github.com/go-holmes/holmes"
)

// A fault is something that goes wrong, and who is to be found guilty of it.
type fault struct {
	name   string
	signal holmes.Signal // that leaves its normal range
	guilty string        // function
	// cause makes it happen until ctx is done, and puts everything back.
	cause func(ctx context.Context, p *patient)
}

// A patient is what a fault befalls.
type patient struct {
	service *service
	visitor *visitor
	cores   float64 // that the process may use
}

// faults are all there are, in the order of -fault all: memory last, because
// it does not come back at once.
func faults() []fault {
	return []fault{
		{"cpu", holmes.SignalCPU, nameOf(applyCoupons), longCarts},
		{"goroutine", holmes.SignalGoroutine, nameOf(renderPage), hurriedReaders},
		{"heap", holmes.SignalMem, nameOf((*sessions).remember), endlessSessions},
	}
}

// named returns the fault of a name, or all of them.
func named(name string) []fault {
	var out []fault
	for _, f := range faults() {
		if name == f.name || name == "all" {
			out = append(out, f)
		}
	}
	return out
}

// nameOf is the name that a profile has for a function. In a test the package
// is not called main.
func nameOf(function any) string {
	return runtime.FuncForPC(reflect.ValueOf(function).Pointer()).Name()
}

// longCarts keeps about half of the cores busy with them. A visitor rests for
// as long as a cart takes when nothing is in its way, so that on a busy machine,
// where carts take longer, there is less rest and the same load.
func longCarts(ctx context.Context, p *patient) {
	wanted := max(p.cores, 0.2) / 2
	visitors := math.Ceil(p.cores)
	idle := visitors/wanted - 1 // for each second of work
	var all sync.WaitGroup
	for range int(visitors) {
		all.Go(func() {
			fastest := time.Duration(math.MaxInt64)
			for ctx.Err() == nil {
				began := time.Now()
				p.visitor.send(ctx, http.MethodGet, "/checkout?items=8000")
				fastest = min(fastest, time.Since(began))
				rest(ctx, time.Duration(idle*float64(fastest)))
			}
		})
	}
	all.Wait()
}

// hurriedReaders leave 6000 pages without a reader.
func hurriedReaders(ctx context.Context, p *patient) {
	defer p.service.pages.release()
	for range 120 {
		p.visitor.send(ctx, http.MethodGet, "/report?pages=51&hurry")
		rest(ctx, 10*time.Millisecond)
	}
	<-ctx.Done()
}

// endlessSessions leak 10 MB a second.
func endlessSessions(ctx context.Context, p *patient) {
	p.service.sessions.leak(true)
	p.visitor.steadily(ctx, 50*time.Millisecond, http.MethodPost, func(int) string { return "/login?bytes=500000" })
	p.service.sessions.leak(false)
	p.service.sessions.clear()
}

// rest waits, but not longer than ctx lasts.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
