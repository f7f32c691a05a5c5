package holmes_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

type refusedError struct{}

func (refusedError) Error() string  { return "answered 401 Unauthorized" }
func (refusedError) Mendable() bool { return true }

func refuse(*holmes.Event) error { return fmt.Errorf("post: %w", refusedError{}) }

// A refusal that a change of a configuration ends loses nothing: a short one is over
// within seconds, a long one is tried every few minutes, as long as the event is kept.
func TestMendableRefusalLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver("receiver")
		r.set(refuse)
		l := newLab(t, holmes.WithReporter(r), holmes.WithCollectInterval("1m")).run(t)
		var ids []string
		for range 3 {
			ids = append(ids, l.capture(t))
		}
		seconds(1)
		r.set(nil)
		seconds(20)
		require.ElementsMatch(t, ids, r.ids())

		r.set(refuse)
		for range 3 {
			ids = append(ids, l.capture(t))
		}
		seconds(3600)
		before := len(r.attempts())
		seconds(4 * 3600)
		require.InDelta(t, 4*3600/150, len(r.attempts())-before, 50, "every few minutes, at random")
		require.Empty(t, l.reporter(t, "receiver").Dropped)
		r.set(nil)
		seconds(600)
		require.ElementsMatch(t, ids, r.ids())
	})
}

// One event that a receiver refuses is tried slowly however well the others do.
func TestRefusedEventRestsBesideOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver("receiver")
		refused := "none"
		tries := map[string]int{}
		r.set(func(e *holmes.Event) error {
			tries[e.ID]++
			if refused == "none" || e.ID == refused {
				refused = e.ID
				return refuse(e)
			}
			return nil
		})
		l := newLab(t, holmes.WithReporter(r), holmes.WithDumpLimits(1000, 1<<30)).run(t)
		l.capture(t)
		for range 20 {
			seconds(60)
			l.capture(t)
		}
		seconds(60)
		require.Len(t, r.ids(), 20, "the others")
		require.LessOrEqual(t, tries[refused], 9+20*60/150, "of the refused one: nine until the pause is 5 minutes, then at least half of it")
	})
}

// lateReceiver takes each event and answers later.
type lateReceiver struct {
	*receiver
	after, own time.Duration
}

func (r *lateReceiver) Timeout() time.Duration { return r.own }

func (r *lateReceiver) Report(ctx context.Context, e *holmes.Event) error {
	_ = r.receiver.Report(ctx, e) // it is there, whatever is answered
	select {
	case <-time.After(r.after):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("post: %w", ctx.Err())
	}
}

// A receiver that answers late is given more time, and is not sent one event again and
// again.
func TestLateReceiver(t *testing.T) {
	for _, tt := range []struct {
		after, own time.Duration
		sent       int // of the first event, in an hour
		delivered  uint64
	}{
		{after: 11 * time.Second, sent: 1, delivered: 2},
		{after: 35 * time.Second, sent: 2, delivered: 2},
		{after: 100 * time.Second, sent: 3, delivered: 2},
		{after: 100 * time.Second, own: 2 * time.Minute, sent: 1, delivered: 2},
		{after: 100 * time.Second, own: 20 * time.Second, sent: 12},
	} {
		t.Run(fmt.Sprint(tt.after, tt.own), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &lateReceiver{newReceiver("late"), tt.after, tt.own}
				l := newLab(t, holmes.WithReporter(r), holmes.WithCollectInterval("1m")).run(t)
				first := l.capture(t)
				seconds(3600)
				require.LessOrEqual(t, r.got[first], tt.sent)
				second := l.capture(t)
				seconds(900)
				require.Equal(t, tt.delivered, l.reporter(t, "late").Delivered)
				if tt.delivered > 0 {
					require.Equal(t, 1, r.got[second], "the time is known now")
					return
				}
				before := r.got[first]
				l.Stop()
				require.Equal(t, before, r.got[first], "a Stop sends it no sooner")
			})
		})
	}
}

// A late event delays no other.
func TestLateEventYields(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver("receiver")
		var late string
		r.set(func(e *holmes.Event) error {
			if late == "" || late == e.ID {
				late = e.ID
				return context.DeadlineExceeded
			}
			return nil
		})
		l := newLab(t, holmes.WithReporter(r)).run(t)
		l.capture(t)
		seconds(2)
		for range 5 {
			l.capture(t)
			seconds(1)
		}
		require.Len(t, r.ids(), 5)
		require.Len(t, r.attempts(), 6)
	})
}
