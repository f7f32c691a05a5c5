package reports

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"go.uber.org/zap"

	"github.com/go-holmes/holmes/bench/scenario/shop/jobs"
)

// A Nightly is the report of a day, made in parts.
type Nightly struct {
	Slots   jobs.Slots
	Partner string
	Log     *zap.Logger
	client  http.Client
}

// Run makes all parts of the report.
func (n *Nightly) Run(ctx context.Context, parts int) {
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() {
			if err := n.part(ctx); err != nil && ctx.Err() == nil {
				n.Log.Warn("a part is missing", zap.Int("part", i), zap.Error(err))
			}
		})
	}
	wg.Wait()
}

// part makes one part: with the rates of the day, that the partner has.
func (n *Nightly) part(ctx context.Context) error {
	if err := n.Slots.Acquire(ctx); err != nil {
		return err
	}
	defer n.Slots.Release()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.Partner+"/slow?ms=40000", http.NoBody)
	if err != nil {
		return err
	}
	res, err := n.client.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// Charts draws what customers see of the numbers, as many at a time as there
// are slots.
type Charts struct{ Slots jobs.Slots }

// ServeHTTP answers with a chart.
func (c *Charts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := c.Slots.Acquire(r.Context()); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer c.Slots.Release()
	_, _ = w.Write([]byte(strings.Repeat("#", 400))) // the visitor has gone
}
