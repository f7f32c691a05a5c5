package holmes_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// batcher is a receiver that takes several events at once.
type batcher struct {
	*receiver
	sizes []int
	fail  func(n int) error // of a batch
}

func (b *batcher) ReportBatch(ctx context.Context, events []*holmes.Event) error {
	b.sizes = append(b.sizes, len(events))
	if b.fail != nil {
		if err := b.fail(len(events)); err != nil {
			return err
		}
	}
	for _, e := range events {
		if err := b.Report(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// Events that wait are reported together to a reporter that takes them so.
func TestEventsAreReportedTogether(t *testing.T) {
	more := testkit.Heavy(120, 60)
	synctest.Test(t, func(t *testing.T) {
		b := &batcher{receiver: newReceiver("batcher")}
		b.set(down)
		l := newLab(t, holmes.WithReporter(b), holmes.WithDumpLimits(200, 64<<20)).run(t)
		first := l.capture(t)
		seconds(1)
		require.Empty(t, b.sizes, "one event is no batch")
		ids := []string{first}
		for range more {
			ids = append(ids, l.capture(t))
		}
		seconds(1)
		b.set(nil)
		seconds(60)
		require.ElementsMatch(t, ids, b.ids(), "none is lost, none comes twice")
		require.Contains(t, b.sizes, 50)
		for _, n := range b.sizes {
			require.LessOrEqual(t, n, 50)
		}
		s := l.reporter(t, "batcher")
		require.EqualValues(t, 1+more, s.Delivered)
		require.Empty(t, marks(t, l.dir, "batcher"))
	})
}

// Events that cannot be reported together are reported one by one.
func TestBatchThatFails(t *testing.T) {
	for name, err := range map[string]error{"for now": errDown, "for good": holmes.Permanent(errDown)} {
		testkit.Bubble(t, name, func(t *testing.T) {
			b := &batcher{receiver: newReceiver("batcher"), fail: func(int) error { return err }}
			b.set(down)
			l := newLab(t, holmes.WithReporter(b)).run(t)
			var ids []string
			for range 10 {
				ids = append(ids, l.capture(t))
			}
			seconds(1)
			b.set(nil)
			seconds(120)
			require.ElementsMatch(t, ids, b.ids())
			require.Empty(t, l.reporter(t, "batcher").Dropped)
		})
	}
}

// Events of a batch whose answer came too late have arrived, perhaps: they are not
// sent again at once, and no batch with others has them.
func TestBatchThatIsLate(t *testing.T) {
	testkit.Bubble(t, "", func(t *testing.T) {
		b := &batcher{receiver: newReceiver("batcher")}
		release := make(chan struct{})
		b.set(func(*holmes.Event) error { <-release; return nil })
		l := newLab(t, holmes.WithReporter(b)).run(t)
		ids := []string{l.capture(t)}
		synctest.Wait()
		b.set(func(*holmes.Event) error { return context.DeadlineExceeded })
		for range 5 { // which wait, and are a batch
			ids = append(ids, l.capture(t))
		}
		close(release)
		seconds(5)
		require.Equal(t, []int{5}, b.sizes)
		before := len(b.attempts())
		b.set(nil)
		ids = append(ids, l.capture(t))
		seconds(20)
		require.Len(t, b.attempts(), before+1, "the new one only")
		seconds(120)
		require.ElementsMatch(t, ids, b.ids())
		require.Equal(t, []int{5}, b.sizes)
	})
}
