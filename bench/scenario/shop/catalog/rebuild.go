package catalog

import (
	"context"
	"database/sql"

	"github.com/go-holmes/holmes/bench/scenario/shop/storage"
)

// Rebuild takes the ratings of the first products from the database, and makes
// the index of tags anew.
func (c *Catalog) Rebuild(ctx context.Context, db *sql.DB, n int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.products[:n] {
		row, err := storage.Get(ctx, db, "wait 4")
		if err != nil {
			return err
		}
		changed := *p
		changed.Rating = float64(1 + (row.ID+p.ID)%5)
		c.products[p.ID] = &changed
	}
	clear(c.byTag)
	c.index()
	return nil
}
