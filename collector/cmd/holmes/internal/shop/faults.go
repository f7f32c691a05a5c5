package shop

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"time"
)

// A Fault is something that goes wrong.
type Fault struct {
	Name   string
	Title  string // in words
	Signal string // that leaves its normal range
	Guilty string // function
	cause  func(ctx context.Context, s *Shop)
}

// Faults returns all that there are, in the order of the story.
func Faults() []Fault {
	return []Fault{
		{"cpu", "carts become long, and the shop looks at each pair in them", "cpu", nameOf(applyCoupons), longCarts},
		{"leak", "sessions are not forgotten any more, 10 MB of them a second", "mem", nameOf((*sessions).remember), endlessSessions},
		{"goroutines", "6000 pages wait for readers who have left", "goroutine", nameOf(renderPage), hurriedReaders},
	}
}

// nameOf is what profiles call a function.
func nameOf(function any) string {
	return runtime.FuncForPC(reflect.ValueOf(function).Pointer()).Name()
}

// Suffer ends the fault that is on, and lets the one of that name begin; "" is
// none.
func (s *Shop) Suffer(name string) error {
	s.cure()
	s.cure = func() {}
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
		s.cure = func() { cancel(); <-ended }
		return nil
	}
	return fmt.Errorf("holmes demo: there is no fault %q", name)
}

// longCarts keep all cores busy that others leave: on a machine with much else to
// do, too, that is far more than the shop takes on a calm day.
func longCarts(ctx context.Context, s *Shop) {
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for ctx.Err() == nil {
				s.visit(ctx, "/checkout?items=8000")
			}
		})
	}
	all.Wait()
}

// endlessSessions leak.
func endlessSessions(ctx context.Context, s *Shop) {
	s.sessions.set(true)
	s.steadily(ctx, 50*time.Millisecond, "/login?bytes=500000")
	s.sessions.set(false)
}

// hurriedReaders leave pages behind.
func hurriedReaders(ctx context.Context, s *Shop) {
	defer s.pages.release()
	for range 120 {
		s.visit(ctx, "/report?pages=51&hurry")
	}
	<-ctx.Done()
}
