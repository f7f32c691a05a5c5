package faults

import (
	"context"

	"github.com/go-holmes/holmes/bench/scenario"
	"github.com/go-holmes/holmes/bench/scenario/shop"
	"github.com/go-holmes/holmes/bench/scenario/shop/billing"
	"github.com/go-holmes/holmes/bench/scenario/shop/media"
	"github.com/go-holmes/holmes/bench/scenario/shop/reports"
	"github.com/go-holmes/holmes/bench/scenario/shop/storage"
)

// pools are faults in which one goroutine holds a resource that many wait for.
func pools() []scenario.Scenario {
	return []scenario.Scenario{
		{
			Name: "pool-exhausted", Signals: onGoroutines(), Guilty: []string{"reports.(*Nightly).part", "reports.(*Nightly).Run"},
			Open: func(s *shop.Shop) error {
				s.Handle("/chart", &reports.Charts{Slots: s.Slots})
				return visit("/chart", 40)(s)
			},
			Fault: func(s *shop.Shop) error {
				n := &reports.Nightly{Slots: s.Slots, Partner: s.World.Partner(), Log: s.Log}
				s.Go(func(ctx context.Context) { n.Run(ctx, cap(s.Slots)) })
				return visit("/chart", 50)(s)
			},
		},
		{
			Name: "pool-exhausted/sql", Signals: onGoroutines(), Guilty: []string{"billing.(*Service).Settle", "billing.(*Service).tell"},
			Fault: begin(func(s *shop.Shop) {
				b := billing.NewService(s.DB, s.World.Partner())
				for invoice := range storage.Connections {
					s.Go(func(ctx context.Context) {
						note(ctx, s, "not settled", b.Settle(ctx, invoice))
					})
				}
			}),
		},
		{
			Name: "pool-exhausted/semaphore", Signals: onGoroutines(), Guilty: []string{"media.(*Studio).Transcode"},
			Fault: func(s *shop.Shop) error {
				studio := media.NewStudio(8)
				s.Handle("/thumb", studio)
				s.Go(func(ctx context.Context) { _, _ = studio.Transcode(ctx) }) // it ends with ctx
				return visit("/thumb?id={id}", 90)(s)
			},
		},
	}
}
