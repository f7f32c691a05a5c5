package holmes_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

type waitError struct{ d time.Duration }

func (e waitError) Error() string             { return fmt.Sprintf("wait %v", e.d) }
func (e waitError) RetryAfter() time.Duration { return e.d }

// Retries have full jitter, between nothing and a ceiling that doubles from a
// second to a minute.
func TestRetriesHaveFullJitter(t *testing.T) {
	for failures := 1; failures < 100; failures++ {
		ceiling := time.Minute
		if failures <= 6 {
			ceiling = min(time.Second<<(failures-1), time.Minute)
		}
		least, most := time.Duration(math.MaxInt64), time.Duration(math.MinInt64)
		for range 1000 {
			pause := holmes.PauseAfter(failures, errDown)
			least, most = min(least, pause), max(most, pause)
		}
		require.Positive(t, least)
		require.LessOrEqual(t, most, ceiling)
		require.Less(t, least, ceiling/10, "after %d failures", failures)
		require.Greater(t, most, ceiling*9/10, "after %d failures", failures)
	}
}

// A Retry-After is honoured up to ten minutes, also by a Stop.
func TestRetryAfterIsHonoured(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{5 * time.Minute: 5 * time.Minute, time.Hour: 10 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			r := newReceiver("receiver")
			r.set(func(*holmes.Event) error { return fmt.Errorf("busy: %w", waitError{asked}) })
			l := newLab(t, holmes.WithReporter(r)).run(t)
			l.capture(t)
			synctest.Wait()
			r.set(nil)
			l.capture(t)
			seconds(int(want.Seconds()) - 1)
			require.Len(t, r.attempts(), 1)
			seconds(2)
			require.Len(t, r.ids(), 2)
			require.WithinDuration(t, r.attempts()[0].Add(want), r.attempts()[1], time.Millisecond)

			r.set(func(*holmes.Event) error { return waitError{asked} })
			l.capture(t)
			synctest.Wait()
			before := len(r.attempts())
			l.Stop()
			require.Len(t, r.attempts(), before)
		})
	}
}

// An event that is refused for good is set aside with the reason and never tried
// again, by this process or the next. Others are tried until they succeed.
func TestRefusedEventIsSetAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, r := t.TempDir(), newReceiver("receiver")
		r.set(down)
		l := newLab(t, holmes.WithDumpPath(dir), holmes.WithReporter(r)).run(t)
		kept := l.capture(t)
		synctest.Wait()
		r.set(func(e *holmes.Event) error {
			if e.ID != kept {
				return holmes.Permanent(errors.New("413: larger than 4 MiB"))
			}
			return errDown
		})
		refused := l.capture(t)
		seconds(120)
		s := l.reporter(t, "receiver")
		require.Equal(t, map[string]uint64{"refused": 1}, s.Dropped)
		require.Equal(t, 1, s.Waiting)
		reason := testkit.Must(os.ReadFile(filepath.Join(dir, refused, ".refused-receiver")))(t)
		require.Equal(t, "413: larger than 4 MiB\n", string(reason))
		l.Stop()

		r.set(nil)
		newLab(t, holmes.WithDumpPath(dir), holmes.WithReporter(r)).run(t)
		seconds(120)
		require.Equal(t, []string{kept}, r.ids())
	})
}

// Stop does not wait for the pause before a retry. Retries end, each has a
// deadline, and the pauses have a cap.
func TestRetriesEndAndStopDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := &failing{}
		l := newLab(t, holmes.WithReporter(down), holmes.WithDumpAge(2*time.Hour), holmes.WithCollectInterval("1m")).run(t)
		require.NoError(t, testkit.Err(l.CaptureNow(t.Context(), holmes.KindGoroutine)))
		seconds(10 * 60)
		begin := time.Now()
		l.Stop()
		require.Zero(t, time.Since(begin), "a pause is not waited for")
		require.Equal(t, 1, l.Stats().Reporters[1].Waiting)

		require.NoError(t, l.Start())
		seconds(5 * 3600)
		s := l.Stats().Reporters[1]
		require.Zero(t, s.Waiting, "it gave up")
		require.EqualValues(t, 1, s.Dropped["gave up"])
		for i := 1; i < len(down.at); i++ {
			require.LessOrEqual(t, down.at[i].Sub(down.at[i-1]), time.Minute+time.Millisecond, "a pause is capped")
		}
		require.True(t, down.deadline, "each call has a deadline")
	})
}

type failing struct {
	at       []time.Time
	deadline bool
}

func (f *failing) Report(ctx context.Context, _ *holmes.Event) error {
	f.at = append(f.at, time.Now())
	_, f.deadline = ctx.Deadline()
	return errors.New("receiver is down")
}
