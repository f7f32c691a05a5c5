// Package checkout takes the customers' money.
package checkout

import (
	"context"
	"errors"
	"sync/atomic"

	"go.uber.org/zap"
)

// A Gateway is the way to a bank.
type Gateway struct {
	log   *zap.Logger
	tried atomic.Int64
}

// NewGateway returns the way to a bank.
func NewGateway(log *zap.Logger) *Gateway { return &Gateway{log: log} }

var errRefused = errors.New("checkout: connection refused")

// Charge takes money from a card, and tries until the bank answers.
func (g *Gateway) Charge(ctx context.Context, card string, cents int) error {
	for ctx.Err() == nil {
		if err := g.post(card, cents); err != nil {
			g.log.Error("charge", zap.String("card", card), zap.Int("cents", cents),
				zap.Int64("tried", g.tried.Load()), zap.Error(err))
			continue
		}
		return nil
	}
	return ctx.Err()
}

func (g *Gateway) post(card string, cents int) error {
	g.tried.Add(1)
	if len(card) == 16 && cents > 0 {
		return errRefused
	}
	return nil
}
