package capture

import (
	"context"
	"time"
)

// For returns the phases of a capture on demand: it lasts for d, or until ctx is done
// or the run stops. Call end when the capture is over.
func (t *Taker) For(ctx context.Context, d time.Duration) (p *Phases, end func()) {
	second, decided, stop := make(chan struct{}), make(chan struct{}), make(chan struct{})
	close(second)
	ctx, cancel := context.WithCancel(ctx)
	t.Scope.Go("capture timer", func() {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			close(decided)
		case <-ctx.Done():
			close(stop)
			return
		case <-t.Scope.Stop:
			close(stop)
			return
		}
		select { // what began late goes on after the verdict, and stops too
		case <-ctx.Done():
		case <-t.Scope.Stop:
		}
		close(stop)
	})
	return &Phases{
		Second: second, Decided: decided, Dismissed: func() bool { return false }, Stop: stop,
		OnDemand: true, AtLeast: d,
	}, cancel
}
