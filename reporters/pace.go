package reporters

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A rate is how many messages a receiver accepts within a time.
type rate struct {
	messages int
	per      time.Duration
}

// WithRate is for [NewWebhook]: at most so many messages are sent within any
// time of that length, and events that wait for their turn share one where the
// template is for several. It replaces the template's own rate; 0 messages are
// no limit.
func WithRate(messages int, per time.Duration) HTTPOption {
	return special("WithRate", func(s *settings) error {
		if messages < 0 || per <= 0 {
			return fmt.Errorf("%d messages in %v: want 0 or more, in more than no time", messages, per)
		}
		s.rates = []rate{}
		if messages > 0 {
			s.rates = []rate{{messages, per}}
		}
		return nil
	})
}

// A pacer keeps to all of its rates: any time of a rate's length has at most its
// number of messages.
type pacer struct {
	rates []rate

	mu   sync.Mutex
	sent []time.Time // the latest, oldest first; as many as the rates look at
}

// wait blocks until a message may be sent, and counts it. If ctx would end before
// that, it returns at once with an error that says when to try again.
func (p *pacer) wait(ctx context.Context) error {
	for {
		pause := p.reserve()
		if pause <= 0 {
			return nil
		}
		if end, ok := ctx.Deadline(); ok && time.Until(end) < pause {
			return &tooSoonError{pause}
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// reserve counts a message now, or returns how long to wait for that.
func (p *pacer) reserve() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, most := time.Now(), 0
	var pause time.Duration
	for _, r := range p.rates {
		most = max(most, r.messages)
		if n := len(p.sent); n >= r.messages {
			pause = max(pause, r.per-now.Sub(p.sent[n-r.messages]))
		}
	}
	if pause > 0 {
		return pause
	}
	p.sent = append(p.sent, now)
	p.sent = slices.Delete(p.sent, 0, max(len(p.sent)-most, 0))
	return 0
}

// A tooSoonError asks for a retry when the receiver's rate allows a message.
type tooSoonError struct{ pause time.Duration }

func (t *tooSoonError) Error() string {
	return fmt.Sprintf("holmes: the receiver takes the next message in %v", t.pause.Round(time.Millisecond))
}

// RetryAfter is until the next message.
func (t *tooSoonError) RetryAfter() time.Duration { return t.pause }
