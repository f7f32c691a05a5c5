package faults

import (
	"bytes"
	"context"
	"time"

	"github.com/go-holmes/holmes"

	"github.com/go-holmes/holmes/bench/scenario"
	"github.com/go-holmes/holmes/bench/scenario/shop"
	"github.com/go-holmes/holmes/bench/scenario/shop/account"
	"github.com/go-holmes/holmes/bench/scenario/shop/imports"
	"github.com/go-holmes/holmes/bench/scenario/shop/media"
	"github.com/go-holmes/holmes/bench/scenario/shop/notify"
	"github.com/go-holmes/holmes/bench/scenario/shop/orders"
	"github.com/go-holmes/holmes/bench/scenario/shop/recommend"
	"github.com/go-holmes/holmes/bench/scenario/shop/reviews"
)

func onMemory() []holmes.Signal { return []holmes.Signal{holmes.SignalMem, holmes.SignalGCHeap} }

// slowly is how long to wait for the event of a slow leak.
const slowly = 45 * time.Second

// maps are faults with maps that grow entry by entry.
func maps() []scenario.Scenario {
	return []scenario.Scenario{
		{
			Name: "map-grows", Signals: onMemory(), Guilty: []string{"account.(*Sessions).Touch"},
			Fault: begin(func(s *shop.Shop) {
				open := account.NewSessions()
				s.Consume(60_000, func(n int) { open.Touch(n%5000, n) })
			}),
		},
		{
			Name: "map-grows/append", Signals: onMemory(), Guilty: []string{"recommend.(*History).Record"},
			Fault: begin(func(s *shop.Shop) {
				h := recommend.NewHistory()
				s.Consume(300_000, func(n int) { h.Record(n%4000, n, "red stapler") })
			}),
		},
		{
			Name: "map-grows/shared-helper", Signals: onMemory(), Guilty: []string{"recommend.(*Shelf).Put"},
			Fault: begin(func(s *shop.Shop) {
				shelf, all := recommend.NewShelf(), s.Catalog.All()
				s.Consume(20_000, func(n int) { shelf.Put(n%3000, all[n%len(all)]) })
			}),
		},
		{
			Name: "map-grows/library", Signals: onMemory(), Guilty: []string{"media.(*Thumbs).Keep"},
			Fault: func(s *shop.Shop) error {
				t, err := media.NewThumbs()
				if err != nil {
					return err
				}
				s.Consume(25_000, func(n int) { t.Keep(n, 120) })
				return nil
			},
		},
	}
}

// buffers are faults with large values, or references to them.
func buffers() []scenario.Scenario {
	return []scenario.Scenario{
		{
			Name: "huge-slice", Signals: onMemory(), Guilty: []string{"imports.(*Importer).Load"},
			Fault: begin(func(s *shop.Shop) {
				m := imports.New()
				s.Go(func(ctx context.Context) {
					note(ctx, s, "import", m.Load(ctx, s.World.Partner()+"/file?kb=262144"))
					<-ctx.Done()
					m.Inspect("end", 100) // it is kept until the end
				})
			}),
		},
		{
			Name: "huge-slice/at-once", Signals: onMemory(), Guilty: []string{"media.NewCanvas", "media.(*Posters).Draw"},
			Fault: begin(func(s *shop.Shop) {
				p := new(media.Posters)
				s.Go(func(ctx context.Context) {
					p.Draw(10_000, 8_000)
					<-ctx.Done()
					p.Draw(1, 1) // it is kept until the end
				})
			}),
		},
		{
			Name: "substring", Signals: onMemory(), Guilty: []string{"reviews.(*Digest).Add"},
			Fault: begin(func(s *shop.Shop) {
				d, body := new(reviews.Digest), bytes.Repeat([]byte("I like it very much. "), 3000)
				s.Consume(600, func(int) { d.Add(body) })
			}),
		},
		{
			Name: "substring/bytes", Signals: onMemory(), Guilty: []string{"imports.(*Importer).Inspect"},
			Fault: begin(func(s *shop.Shop) {
				m := imports.New()
				s.Consume(600, func(int) { m.Inspect("price list of the week", 64<<10) })
			}),
		},
	}
}

// slow are faults that grow slowly while other code allocates much.
func slow() []scenario.Scenario {
	return []scenario.Scenario{
		{
			Name: "slow-leak", Signals: onMemory(), Guilty: []string{"orders.(*Tracker).Note"}, Patience: slowly,
			Open: begin(func(s *shop.Shop) {
				churn(s, new(orders.Tracker))
			}),
			Fault: begin(func(s *shop.Shop) {
				t := new(orders.Tracker)
				s.Consume(90_000, func(n int) { t.Note(n, "in the van of depot 12") })
			}),
		},
		{
			Name: "slow-leak/callbacks", Signals: onMemory(), Guilty: []string{"notify.(*Watch).Follow", "notify.(*Bus).OnPrice"},
			Patience: slowly,
			Open: begin(func(s *shop.Shop) {
				churn(s, new(orders.Tracker))
			}),
			Fault: begin(func(s *shop.Shop) {
				w := notify.NewWatch(notify.NewBus())
				s.Consume(3000, func(n int) { w.Follow(n % 1000) })
			}),
		},
	}
}

// churn allocates much that is soon garbage.
func churn(s *shop.Shop, t *orders.Tracker) {
	s.Consume(2000, func(int) { t.Labels(700) })
}
