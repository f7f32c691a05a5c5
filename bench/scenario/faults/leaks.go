package faults

import (
	"context"
	"net/http"

	"github.com/go-holmes/holmes/bench/scenario"
	"github.com/go-holmes/holmes/bench/scenario/shop"
	"github.com/go-holmes/holmes/bench/scenario/shop/media"
	"github.com/go-holmes/holmes/bench/scenario/shop/notify"
	"github.com/go-holmes/holmes/bench/scenario/shop/orders"
	"github.com/go-holmes/holmes/bench/scenario/shop/partners"
)

// leaks are faults with goroutines that do not end.
func leaks() []scenario.Scenario {
	return []scenario.Scenario{
		{
			Name: "goroutine-leak", Signals: onGoroutines(), Guilty: []string{"notify.(*Outbox).hand", "notify.(*Outbox).Push"},
			Fault: begin(func(s *shop.Shop) {
				o := notify.NewOutbox()
				s.Go(o.Drain)
				s.Consume(150, func(int) { o.Push("thank you") })
			}),
		},
		{
			Name: "goroutine-leak/select", Signals: onGoroutines(),
			Guilty: []string{"orders.(*Payments).await", "orders.(*Payments).ServeHTTP"},
			Fault: func(s *shop.Shop) error {
				s.Handle("/pay", orders.NewPayments(s.Context()))
				return visit("/pay?customer={id}", 150)(s)
			},
		},
		{
			Name: "goroutine-leak/closure", Signals: onGoroutines(), Guilty: []string{"media.(*Player).Play"},
			Fault: func(s *shop.Shop) error {
				p := new(media.Player)
				s.Handle("/play", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					p.Play(s.Context())
					w.WriteHeader(http.StatusAccepted)
				}))
				return visit("/play?film={id}", 120)(s)
			},
		},
		{
			Name: "http-leak", Signals: onGoroutines(), Guilty: []string{"partners.(*Client).Refresh"},
			Open: begin(func(s *shop.Shop) {
				c := client(s)
				s.Every(100e6, func(ctx context.Context) { _ = c.Refresh(ctx, "/rates") }) // another time then
			}),
			Fault: begin(func(s *shop.Shop) {
				c := client(s)
				s.Consume(60, func(int) {
					s.Go(func(ctx context.Context) { _ = c.Refresh(ctx, "/slow?ms=300000") }) // it ends with ctx
				})
			}),
		},
		{
			Name: "http-leak/body", Signals: onGoroutines(), Guilty: []string{"partners.(*Client).Available"},
			Fault: begin(func(s *shop.Shop) {
				c := client(s)
				s.Consume(80, func(n int) { _, _ = c.Available(s.Context(), n) }) // most have ended
			}),
		},
	}
}

// client returns a client of the partner that ends with the shop.
func client(s *shop.Shop) *partners.Client {
	c := partners.NewClient(s.World.Partner())
	s.Go(func(ctx context.Context) {
		<-ctx.Done()
		c.Close()
	})
	return c
}
