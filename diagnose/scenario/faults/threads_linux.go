package faults

import (
	"context"
	"path/filepath"
	"sync"

	"go.uber.org/zap"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/diagnose/scenario"
	"github.com/go-holmes/holmes/diagnose/scenario/shop"
	"github.com/go-holmes/holmes/diagnose/scenario/shop/account"
	"github.com/go-holmes/holmes/diagnose/scenario/shop/media"
	"github.com/go-holmes/holmes/diagnose/scenario/shop/shipping"
)

func onThreads() []holmes.Signal { return []holmes.Signal{holmes.SignalThread} }

// threads is what keeps threads of the system busy.
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
				crew(s, 20, func(n int) error { return store.Save(n, "dark") }, release)
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
				crew(s, 20, p.Print, p.Attend)
				return nil
			},
		},
		{
			Name: "blocking-calls/locked-threads", Signals: onThreads(),
			Guilty: []string{"media.(*Renderer).draw", "media.(*Renderer).Window"},
			Fault: func(s *shop.Shop) error {
				r := media.NewRenderer()
				s.Consume(20, func(int) { r.Window(s.Context()) })
				return nil
			},
		},
	}
}

// crew does something that blocks, so many times a second and each time in a
// goroutine of its own. When the shop closes it calls release, and waits.
func crew(s *shop.Shop, perSecond float64, do func(n int) error, release func() error) {
	var wg sync.WaitGroup
	s.Consume(perSecond, func(n int) {
		wg.Go(func() {
			if err := do(n); err != nil {
				s.Log.Info("failed", zap.Error(err))
			}
		})
	})
	s.Go(func(ctx context.Context) {
		<-ctx.Done()
		if err := release(); err != nil {
			s.Log.Info("failed", zap.Error(err))
		}
		wg.Wait()
	})
}
