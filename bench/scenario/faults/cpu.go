package faults

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-holmes/holmes"

	"github.com/go-holmes/holmes/bench/scenario"
	"github.com/go-holmes/holmes/bench/scenario/shop"
	"github.com/go-holmes/holmes/bench/scenario/shop/account"
	"github.com/go-holmes/holmes/bench/scenario/shop/checkout"
	"github.com/go-holmes/holmes/bench/scenario/shop/imports"
	"github.com/go-holmes/holmes/bench/scenario/shop/pricing"
	"github.com/go-holmes/holmes/bench/scenario/shop/recommend"
	"github.com/go-holmes/holmes/bench/scenario/shop/reviews"
	"github.com/go-holmes/holmes/bench/scenario/shop/search"
	"github.com/go-holmes/holmes/bench/scenario/shop/shipping"
	"github.com/go-holmes/holmes/bench/scenario/shop/stock"
)

func onCPU() []holmes.Signal { return []holmes.Signal{holmes.SignalCPU} }

// cpu are faults that take CPU time.
func cpu() []scenario.Scenario {
	return []scenario.Scenario{
		{
			Name: "hot-loop", Signals: onCPU(), Guilty: []string{"pricing.applyCoupons"},
			Open:  served("/price", func(s *shop.Shop) http.Handler { return pricing.NewDesk(s.Catalog) }, "/price?id={id}&coupons=4", 20),
			Fault: compute("/price?id={id}&coupons=18"),
		},
		{
			Name: "hot-loop/closure", Signals: onCPU(), Guilty: []string{"recommend.(*Model).Similar"},
			Open: served("/similar", func(s *shop.Shop) http.Handler { return recommend.NewModel(s.Catalog) },
				"/similar?id={id}", 20),
			Fault: compute("/similar?id={id}&all=1"),
		},
		{
			Name: "hot-loop/background", Signals: onCPU(), Guilty: []string{"stock.(*Reconciler).Run"},
			Fault: begin(func(s *shop.Shop) {
				r := new(stock.Reconciler)
				s.Consume(200, func(n int) { r.Offer(n, n%7) })
				s.Go(r.Run)
			}),
		},
		{
			Name: "hot-loop/library", Signals: onCPU(), Guilty: []string{"reviews.(*Board).render"},
			Open: served("/reviews", func(s *shop.Shop) http.Handler { return reviews.NewBoard(s.Catalog) },
				"/reviews?id={id}&times=1", 10),
			Fault: compute("/reviews?id={id}&times=400"),
		},
		{
			Name: "hot-loop/shared-helper", Signals: onCPU(), Guilty: []string{"account.(*Guests).Renew"},
			Fault: begin(func(s *shop.Shop) {
				g := account.NewGuests(s.Tokens)
				s.Go(func(ctx context.Context) { g.Renew(ctx, 10_000) })
			}),
		},
		{
			Name: "regexp", Signals: onCPU(), Guilty: []string{"search.highlight"},
			Open: served("/marked", func(s *shop.Shop) http.Handler { return search.NewMarker(s.Catalog) },
				"/marked?id={id}&n=1", 5),
			Fault: compute("/marked?id={id}&n=150"),
		},
		{
			Name: "regexp/method-value", Signals: onCPU(), Guilty: []string{"orders.(*Validator).fits"},
			Fault: validation,
		},
	}
}

// words are faults that take CPU time by writing or comparing text.
func words() []scenario.Scenario {
	return []scenario.Scenario{
		{
			Name: "log-storm", Signals: onCPU(), Guilty: []string{"checkout.(*Gateway).Charge"},
			Fault: begin(func(s *shop.Shop) {
				g := checkout.NewGateway(s.Log)
				s.Go(func(ctx context.Context) { _ = g.Charge(ctx, "4000056655665556", 1299) }) // it ends with ctx
			}),
		},
		{
			Name: "log-storm/slog", Signals: onCPU(), Guilty: []string{"shipping.(*Carrier).Poll"},
			Fault: func(s *shop.Shop) error {
				c := shipping.NewCarrier(slog.New(slog.NewJSONHandler(s.LogFile, &slog.HandlerOptions{AddSource: true})))
				p := shipping.Parcel{ID: 17, Weight: 2.5, Stops: []string{"Leipzig", "Berlin"}, Sent: time.Now()}
				s.Go(func(ctx context.Context) {
					_ = c.Poll(ctx, p, func() error { return http.ErrServerClosed }) // it ends with ctx
				})
				return nil
			},
		},
		{
			Name: "generic-quadratic", Signals: onCPU(), Guilty: []string{"collate.Unique"},
			Open: served("/trending", func(*shop.Shop) http.Handler { return http.HandlerFunc(recommend.Trending) },
				"/trending?n=50", 10),
			Fault: compute("/trending?n=5000"),
		},
		{
			Name: "generic-quadratic/method", Signals: onCPU(), Guilty: []string{"collate.(*Set).Merge", "collate.(*Set).has"},
			Open: served("/codes", func(*shop.Shop) http.Handler { return http.HandlerFunc(imports.Codes) },
				"/codes?n=20", 10),
			Fault: compute("/codes?n=2000"),
		},
	}
}

// served adds a handler to the shop, and its everyday load.
func served(path string, handler func(*shop.Shop) http.Handler, asked string, perSecond float64) func(*shop.Shop) error {
	return func(s *shop.Shop) error {
		s.Handle(path, handler(s))
		return visit(asked, perSecond)(s)
	}
}
