package faults

import (
	"context"
	"math"
	"time"

	"github.com/go-holmes/holmes/bench/scenario"
	"github.com/go-holmes/holmes/bench/scenario/shop"
	"github.com/go-holmes/holmes/bench/scenario/shop/ledger"
	"github.com/go-holmes/holmes/bench/scenario/shop/orders"
)

// controls look more or less like faults.
func controls() []scenario.Scenario {
	return []scenario.Scenario{
		{Name: "control/calm", Fault: func(s *shop.Shop) error { return s.World.Rise(1) }},
		{Name: "control/a-fifth-more", Fault: func(s *shop.Shop) error { return s.World.Rise(1.2) }},
		{Name: "control/twice-as-much", Fault: func(s *shop.Shop) error { return s.World.Rise(2.4) }},
		{
			Name: "control/bursts",
			Fault: begin(func(s *shop.Shop) {
				begun := time.Now()
				s.Every(500*time.Millisecond, func(context.Context) {
					wave := math.Sin(time.Since(begun).Seconds() * 2 * math.Pi / 12)
					_ = s.World.Rise(1.6 + 1.3*wave) // the world ends with the shop
				})
			}),
		},
		{
			Name: "control/much-garbage",
			Open: begin(func(s *shop.Shop) {
				churn(s, new(orders.Tracker))
				b := ledger.NewBook(10_000)
				s.Consume(150, func(n int) { b.Statement(n, 1000) })
			}),
			Fault: func(s *shop.Shop) error { return s.World.Rise(2) },
		},
		{
			Name: "control/deploy", Pace: 0.3,
			Fault: func(s *shop.Shop) error { // visitors come over from instances that end
				s.Pages.Forget()
				return s.World.Rise(6)
			},
		},
	}
}
