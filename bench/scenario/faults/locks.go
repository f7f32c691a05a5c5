package faults

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/go-holmes/holmes"

	"github.com/go-holmes/holmes/bench/scenario"
	"github.com/go-holmes/holmes/bench/scenario/outside"
	"github.com/go-holmes/holmes/bench/scenario/shop"
	"github.com/go-holmes/holmes/bench/scenario/shop/account"
	"github.com/go-holmes/holmes/bench/scenario/shop/ledger"
)

func onGoroutines() []holmes.Signal { return []holmes.Signal{holmes.SignalGoroutine} }

// locks are faults that make other goroutines wait for a lock.
func locks() []scenario.Scenario {
	return []scenario.Scenario{
		{
			Name: "lock-held", Signals: onGoroutines(), Guilty: []string{"stock.(*Warehouse).Recount"},
			Fault: func(s *shop.Shop) error {
				s.Go(func(ctx context.Context) {
					note(ctx, s, "recount", s.Stock.Recount(ctx, 0, 11_000))
				})
				return visit("/stock?id={id}", 60)(s)
			},
		},
		{
			Name: "lock-held/computing", Signals: onGoroutines(), Guilty: []string{"cart.(*Carts).Compact"},
			Fault: func(s *shop.Shop) error {
				s.Go(func(ctx context.Context) { s.Carts.Compact(ctx, 1_000_000) })
				return s.World.Visit(outside.Visit{
					Path: "/cart", PerSecond: 60, Body: `{"customer":{id},"items":[{"product":{id},"number":1}]}`,
				})
			},
		},
		{
			Name: "lock-held/sending", Signals: onGoroutines(), Guilty: []string{"notify.(*Hub).Announce"},
			Open: served("/viewers", func(s *shop.Shop) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					_, _ = fmt.Fprintln(w, s.Hub.Count()) // the visitor has gone
				})
			}, "/viewers", 40),
			Fault: func(s *shop.Shop) error {
				s.Go(func(ctx context.Context) {
					_, cancel := s.Hub.Subscribe(0) // a screen that hangs
					defer cancel()
					s.Hub.Announce(ctx, "we close in five minutes")
				})
				return visit("/viewers", 40)(s)
			},
		},
		{
			Name: "lock-held/once", Signals: onGoroutines(), Guilty: []string{"account.(*Keys).fetch", "account.(*Keys).get.func1"},
			Fault: func(s *shop.Shop) error {
				s.Handle("/signed", account.NewKeys(s.Context(), s.World.Partner()+"/slow?ms=40000"))
				return visit("/signed?customer={id}", 100)(s)
			},
		},
	}
}

// readers are faults that make readers wait.
func readers() []scenario.Scenario {
	return []scenario.Scenario{
		{
			Name: "rwmutex-writer", Signals: onGoroutines(), Guilty: []string{"catalog.(*Catalog).Rebuild"},
			Fault: begin(func(s *shop.Shop) {
				s.Go(func(ctx context.Context) {
					note(ctx, s, "rebuild", s.Catalog.Rebuild(ctx, s.DB, 4000))
				})
			}),
		},
		{
			Name: "rwmutex-writer/behind-a-reader", Signals: onGoroutines(), Guilty: []string{"ledger.(*Book).Export"},
			Open: func(s *shop.Shop) error {
				b := ledger.NewBook(5000)
				s.Handle("/balance", b)
				s.Every(200*time.Millisecond, func(context.Context) { b.Post(7, 1) })
				s.Handle("/audit", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					b.Export(r.Context(), 10*time.Millisecond, func(cents int) { _, _ = fmt.Fprintln(w, cents) })
				}))
				return visit("/balance", 60)(s)
			},
			Fault: func(s *shop.Shop) error {
				if err := visit("/balance", 40)(s); err != nil {
					return err
				}
				return s.World.Visit(outside.Visit{Path: "/audit", PerSecond: 20, Most: 1})
			},
		},
	}
}
