package cart

import (
	"context"
	"hash/crc32"
	"slices"
	"strconv"
)

// Compact sorts the items of all carts and sums them up, again and again.
func (c *Carts) Compact(ctx context.Context, rounds int) (sum uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range rounds {
		if ctx.Err() != nil {
			return sum
		}
		for customer, items := range c.carts {
			slices.SortFunc(items, func(a, b Item) int { return a.Product - b.Product })
			for _, i := range items {
				sum = crc32.Update(sum, crc32.IEEETable, strconv.AppendInt(nil, int64(i.Product+i.Number), 10))
			}
			c.carts[customer] = items
		}
	}
	return sum
}
