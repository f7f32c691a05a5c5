package faults

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/go-holmes/holmes/bench/scenario"
	"github.com/go-holmes/holmes/bench/scenario/outside"
	"github.com/go-holmes/holmes/bench/scenario/shop"
	"github.com/go-holmes/holmes/bench/scenario/shop/audit"
	"github.com/go-holmes/holmes/bench/scenario/shop/ledger"
	"github.com/go-holmes/holmes/bench/scenario/shop/orders"
	"github.com/go-holmes/holmes/bench/scenario/shop/partners"
	"github.com/go-holmes/holmes/bench/scenario/shop/reports"
)

// allocations are faults that take CPU time by allocating.
func allocations() []scenario.Scenario {
	return []scenario.Scenario{
		{
			Name: "json-churn", Signals: onCPU(), Guilty: []string{"reports.(*Exporter).snapshot"},
			Open: served("/export", func(s *shop.Shop) http.Handler { return reports.NewExporter(s.Catalog) },
				"/export?n=2", 10),
			Fault: compute("/export?n=400"),
		},
		{
			Name: "json-churn/library", Signals: onCPU(), Guilty: []string{"partners.(*Offers).count"},
			Fault: func(s *shop.Shop) error {
				o, err := partners.NewOffers(s.Catalog, 400)
				if err != nil {
					return err
				}
				s.Handle("/offers", o)
				return compute("/offers")(s)
			},
		},
		{
			Name: "allocation-storm", Signals: onCPU(), Guilty: []string{"ledger.(*Book).lines"},
			Fault: begin(func(s *shop.Shop) {
				b := ledger.NewBook(10_000)
				s.Consume(900, func(n int) { b.Statement(n, 2000) })
			}),
		},
		{
			Name: "allocation-storm/strings", Signals: onCPU(), Guilty: []string{"audit.(*Trail).describe"},
			Fault: begin(func(s *shop.Shop) {
				t, values := new(audit.Trail), map[string]any{}
				for i := range 40 {
					values[fmt.Sprintf("field %d", i)] = i * i
				}
				s.Consume(30_000, func(n int) { t.Write(n, "has changed an address", values) })
			}),
		},
	}
}

// validation is the second regexp: orders with very many items are checked one
// by one.
func validation(s *shop.Shop) error {
	s.Handle("/validate", &orders.Validator{Thorough: true})
	item := `{"product":{id},"number":1},`
	order := `{"customer":{id},"name":"Ada","email":"ada@example.com","phone":"+49 30 1234567","zip":"10115","items":[` +
		strings.Repeat(item, 400) + `{"product":7,"number":1}]}`
	return s.World.Visit(outside.Visit{Path: "/validate", Body: order, PerSecond: 1000, Most: 1})
}
