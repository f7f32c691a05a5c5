// Package media is pictures and films of products.
package media

import (
	"context"
	"sync/atomic"
	"time"
)

// A Player shows a film.
type Player struct {
	frames atomic.Int64
}

// Play begins a film, and keeps the connection to it open.
func (p *Player) Play(ctx context.Context) {
	go func() {
		tick := time.NewTicker(2 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.frames.Add(1)
			case <-ctx.Done():
				return
			}
		}
	}()
}
