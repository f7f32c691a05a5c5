package capture_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/watch/internal/capture"
	"github.com/go-holmes/holmes/watch/internal/config"
)

func limits() config.Limits {
	return config.Limits{
		TargetHour: 2, ServiceHour: 4, FleetHour: 5, ServiceAtOnce: 2,
		Gather: model.Duration(10 * time.Second), TargetGap: model.Duration(time.Minute),
	}
}

// Three of a service at once with a limit of two: the two that deviate most are captured
// and say that there was another one, in whatever order the verdicts come.
func TestMostDeviantFirst(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {0, 2, 1}} {
		synctest.Test(t, func(t *testing.T) {
			l := capture.NewLimits(limits(), time.Now)
			tickets := make([]interface {
				NotCaptured() int
				Close()
			}, 3)
			refused := make([]string, 3)
			var all sync.WaitGroup
			asks := make([]func(), 3)
			for i := range tickets {
				x := l.Ticket("shop", fmt.Sprint("pod", i))
				tickets[i] = x
				asks[i] = func() { refused[i] = x.Admit(t.Context(), float64(i)) }
			}
			for _, i := range order {
				all.Go(asks[i])
				synctest.Wait()
			}
			all.Wait()
			require.Contains(t, refused[0], "2 other targets of the service were")
			require.Empty(t, refused[1])
			require.Empty(t, refused[2])
			require.Equal(t, 1, tickets[1].NotCaptured())
			require.Equal(t, 1, tickets[2].NotCaptured())
			require.Equal(t, 0, tickets[0].NotCaptured())
			for _, x := range tickets {
				x.Close()
			}
		})
	}
}

// Who can be captured anyway does not wait, and who cannot waits for verdicts at most
// the time to gather.
func TestGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, began := capture.NewLimits(limits(), time.Now), time.Now()
		a, b, c := l.Ticket("shop", "a"), l.Ticket("shop", "b"), l.Ticket("cart", "c")
		require.Empty(t, a.Admit(t.Context(), 1), "b has a place as well")
		require.Empty(t, c.Admit(t.Context(), 1), "another service")
		require.Zero(t, time.Since(began))
		d := l.Ticket("shop", "d")
		require.Empty(t, d.Admit(t.Context(), 1), "b is undecided")
		require.Equal(t, 10*time.Second, time.Since(began))
		require.NotEmpty(t, b.Admit(t.Context(), 9), "both places are taken")
		a.Close()
		e := l.Ticket("shop", "e")
		require.Empty(t, e.Admit(t.Context(), 1))
	})
}

// A suspicion that is dismissed makes room.
func TestDismissedMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, began := capture.NewLimits(limits(), time.Now), time.Now()
		a, b, c := l.Ticket("shop", "a"), l.Ticket("shop", "b"), l.Ticket("shop", "c")
		var all sync.WaitGroup
		all.Go(func() { require.Empty(t, a.Admit(t.Context(), 1)) })
		synctest.Wait()
		b.Close()
		all.Wait()
		require.Zero(t, time.Since(began))
		require.Empty(t, c.Admit(t.Context(), 1))
	})
}

func TestHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := capture.NewLimits(limits(), time.Now)
		captured := func(service, target string) string {
			x := l.Ticket(service, target)
			defer x.Close()
			return x.Admit(t.Context(), 1)
		}
		pass := func(d time.Duration) { <-time.After(d) }
		require.Empty(t, captured("shop", "a"))
		require.Contains(t, captured("shop", "a"), "the target was captured")
		pass(time.Minute)
		require.Empty(t, captured("shop", "a"))
		pass(time.Minute)
		require.Contains(t, captured("shop", "a"), "the target has had its 2 events of an hour")
		require.Empty(t, captured("shop", "b"))
		require.Empty(t, captured("shop", "c"))
		require.Contains(t, captured("shop", "d"), "its service has had its 4 events")
		require.Empty(t, captured("cart", "e"))
		require.Contains(t, captured("search", "f"), "the fleet has had its 5 events")
		pass(time.Hour)
		require.Empty(t, captured("shop", "a"))
	})
}
