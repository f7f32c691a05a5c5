package shop

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"runtime"
	"sync"
	"time"
)

// A Fault is something that goes wrong, and the function that causes it.
type Fault struct {
	Name   string
	Title  string // the fault in words
	Signal string // the holmes signal that leaves its normal range
	Guilty string // the function's name in profiles
	// cause makes the fault happen until ctx ends, and then undoes it.
	cause func(ctx context.Context, s *Shop)
}

// Faults returns all faults, memory last: it does not return to normal at once.
func Faults() []Fault {
	return []Fault{
		{"cpu", "carts become long, and the shop looks at each pair of items", "cpu", nameOf(applyCoupons), longCarts},
		{"goroutine", "6000 pages wait for readers who have left", "goroutine", nameOf(renderPage), hurriedReaders},
		{"heap", "sessions are never removed, 10 MB of them a second", "mem", nameOf((*sessions).remember), endlessSessions},
	}
}

// nameOf is the name that a profile has for a function.
func nameOf(function any) string {
	return runtime.FuncForPC(reflect.ValueOf(function).Pointer()).Name()
}

// Inject ends the current fault and begins the one of that name; "" only ends it.
func (s *Shop) Inject(name string) error {
	s.endFault()
	s.endFault = func() {}
	if name == "" {
		return nil
	}
	for _, f := range Faults() {
		if f.Name != name {
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			f.cause(ctx, s)
		}()
		s.endFault = func() { cancel(); <-ended }
		return nil
	}
	return fmt.Errorf("shop: there is no fault %q", name)
}

// longCarts keep all cores busy that other processes leave. On a busy machine
// that is still far more than the shop uses on a calm day.
func longCarts(ctx context.Context, s *Shop) {
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for ctx.Err() == nil {
				s.visitor.send(ctx, http.MethodGet, "/checkout?items=8000")
			}
		})
	}
	all.Wait()
}

// hurriedReaders leave 6000 pages without a reader.
func hurriedReaders(ctx context.Context, s *Shop) {
	defer s.pages.release()
	for range 120 {
		s.visitor.send(ctx, http.MethodGet, "/report?pages=51&hurry")
	}
	<-ctx.Done()
}

// endlessSessions leak 10 MB a second.
func endlessSessions(ctx context.Context, s *Shop) {
	s.sessions.leak(true)
	s.visitor.steadily(ctx, 50*time.Millisecond, http.MethodPost, "/login?bytes=500000")
	s.sessions.leak(false)
	s.sessions.clear()
}
