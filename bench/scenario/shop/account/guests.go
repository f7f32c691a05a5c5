package account

import (
	"context"
	"strconv"
)

// Guests are customers without an account.
type Guests struct {
	tokens *Tokens
	known  map[string]int
}

// NewGuests returns no guests yet.
func NewGuests(t *Tokens) *Guests { return &Guests{tokens: t, known: map[string]int{}} }

// Renew gives all guests new tokens, as long as ctx lasts.
func (g *Guests) Renew(ctx context.Context, guests int) {
	for n := 0; ctx.Err() == nil; n++ {
		id := n % guests
		g.known[g.tokens.Of("guest "+strconv.Itoa(id))] = id
	}
}
