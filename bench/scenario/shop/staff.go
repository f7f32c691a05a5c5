package shop

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/go-holmes/holmes/bench/scenario/outside"
	"github.com/go-holmes/holmes/bench/scenario/shop/storage"
)

const (
	listeners = 300 // customers who have the shop open and are told the news
	scales    = 40  // devices that report now and then
)

// staff starts the background work of the shop.
func (s *Shop) staff() {
	for range listeners {
		s.Go(func(ctx context.Context) {
			last := ""
			s.Hub.Listen(ctx, func(text string) { last = strings.ToUpper(text) })
			_ = last // on the customer's screen
		})
	}
	for i := range scales {
		s.Go(func(ctx context.Context) { s.weigh(ctx, i) })
	}
	s.Every(100*time.Millisecond, func(context.Context) {
		s.Catalog.Reprice(rand.IntN(outside.IDs), 100+rand.IntN(20_000))
	})
	s.Every(50*time.Millisecond, func(context.Context) {
		s.Hub.Publish(fmt.Sprintf("a customer has just bought %d", rand.IntN(outside.IDs)))
	})
	s.Every(time.Second, func(ctx context.Context) {
		if _, err := storage.All(ctx, s.DB, "scan 200"); err != nil && ctx.Err() == nil {
			s.Log.Sugar().Infof("no news from the database: %v", err)
		}
	})
}

// weigh is one device: it reports every second or so.
func (s *Shop) weigh(ctx context.Context, device int) {
	for Pause(ctx, time.Duration(500+rand.IntN(1000))*time.Millisecond) {
		s.Hub.Publish("scale " + strconv.Itoa(device) + " is at rest")
	}
}

// everyday starts the everyday load: 800 visits a second at a pace of 1.
func (s *Shop) everyday(pace float64) error {
	order := `{"customer":{id},"name":"Ada","email":"ada@example.com","phone":"+49 30 1234567","zip":"10115",` +
		`"items":[{"product":{id},"number":2},{"product":7,"number":1}]}`
	basket := `{"customer":{id},"items":[{"product":{id},"number":1},{"product":{id},"number":3}]}`
	for _, v := range []outside.Visit{
		{Path: "/product?id={id}", PerSecond: 180},
		{Path: "/list?tag={id}", PerSecond: 80},
		{Path: "/search?q={id}", PerSecond: 80},
		{Path: "/page?id={id}", PerSecond: 160},
		{Path: "/cart", Body: basket, PerSecond: 80},
		{Path: "/stock?id={id}", PerSecond: 80},
		{Path: "/order", Body: order, PerSecond: 60},
		{Path: "/account?customer={id}", PerSecond: 80},
	} {
		v.PerSecond *= pace
		if err := s.World.Visit(v); err != nil {
			return err
		}
	}
	return nil
}

// Every repeats a function.
func (s *Shop) Every(d time.Duration, do func(ctx context.Context)) {
	s.Go(func(ctx context.Context) {
		for Pause(ctx, d) {
			do(ctx)
		}
	})
}

// Consume takes messages from a queue, so many a second, and does something
// with each.
func (s *Shop) Consume(perSecond float64, do func(n int)) {
	s.Go(func(ctx context.Context) {
		begun, n := time.Now(), 0
		for Pause(ctx, 5*time.Millisecond) {
			for due := int(time.Since(begun).Seconds() * perSecond); n < due && ctx.Err() == nil; n++ {
				do(n)
			}
		}
	})
}

// Pause lets time pass. It is false when ctx has ended meanwhile.
func Pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
