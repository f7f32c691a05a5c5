package faults

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-holmes/holmes"
	"go.uber.org/zap"

	"github.com/go-holmes/holmes/bench/scenario"
	"github.com/go-holmes/holmes/bench/scenario/shop"
	"github.com/go-holmes/holmes/bench/scenario/shop/account"
	"github.com/go-holmes/holmes/bench/scenario/shop/media"
	"github.com/go-holmes/holmes/bench/scenario/shop/shipping"
)

func onThreads() []holmes.Signal { return []holmes.Signal{holmes.SignalThread} }

// threads are faults that keep threads of the system busy.
func threads() []scenario.Scenario {
	return []scenario.Scenario{
		{
			Name: "blocking-calls", Signals: onThreads(), Guilty: []string{"account.(*FileStore).Save"},
			Fault: func(s *shop.Shop) error {
				store := account.NewFileStore(filepath.Join(s.Dir, "settings"))
				release, err := store.Hold()
				if err != nil {
					return err
				}
				callers(s, func(n int) error { return store.Save(n, "dark") }, func() (func() error, error) {
					return func() error { return nil }, release()
				})
				return nil
			},
		},
		{
			Name: "blocking-calls/pipe", Signals: onThreads(), Guilty: []string{"shipping.(*Printer).Print"},
			Fault: func(s *shop.Shop) error {
				p, err := shipping.NewPrinter(filepath.Join(s.Dir, "printer"))
				if err != nil {
					return err
				}
				callers(s, p.Print, p.Attend)
				return nil
			},
		},
		{
			Name: "blocking-calls/locked-threads", Signals: onThreads(),
			Guilty: []string{"media.(*Renderer).draw", "media.(*Renderer).Window"},
			Fault: begin(func(s *shop.Shop) {
				r := media.NewRenderer()
				s.Consume(20, func(int) { r.Window(s.Context()) })
			}),
		},
	}
}

// callers makes blocking calls, each in a goroutine of its own. When the shop closes it
// has release unblock them, waits for all, and calls the function that release has
// returned.
func callers(s *shop.Shop, do func(n int) error, release func() (func() error, error)) {
	s.Go(func(ctx context.Context) {
		var wg sync.WaitGroup
		for n := 0; shop.Pause(ctx, 50*time.Millisecond); n++ {
			wg.Go(func() {
				if err := do(n); err != nil {
					s.Log.Info("failed", zap.Error(err))
				}
			})
		}
		after, err := release()
		if err != nil {
			s.Log.Info("failed", zap.Error(err))
			return
		}
		wg.Wait()
		if err := after(); err != nil {
			s.Log.Info("failed", zap.Error(err))
		}
	})
}
