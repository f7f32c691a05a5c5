package reporters_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters"
	"github.com/go-holmes/holmes/reporters/reportertest"
)

// requirePace fails if there are more posts than that within any time of a
// length.
func requirePace(t *testing.T, posts []post, most int, per time.Duration) {
	t.Helper()
	for i := most; i < len(posts); i++ {
		require.GreaterOrEqual(t, posts[i].at.Sub(posts[i-most].at), per, "post %d", i)
	}
}

// One after the other, as holmes reports them: each waits for its turn.
func TestPaceOfOneAfterTheOther(t *testing.T) {
	for name, tt := range map[string]struct {
		form reporters.Template
		yes  string
		most int
		per  time.Duration
		took time.Duration // for 250
	}{
		"slack":    {reporters.Slack(), "ok", 1, time.Second, 249 * time.Second},
		"dingtalk": {reporters.DingTalk(), `{"errcode":0}`, 20, time.Minute, 12 * time.Minute},
		"feishu":   {reporters.Feishu(), `{"code":0}`, 100, time.Minute, 129 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &chat{yes: tt.yes}
				r := newWebhook(t, c, tt.form)
				began := time.Now()
				for range 250 {
					require.NoError(t, r.Report(context.Background(), reportertest.EmptyEvent(t)))
				}
				require.Equal(t, tt.took, time.Since(began))
				require.Len(t, c.all(), 250)
				requirePace(t, c.all(), tt.most, tt.per)
				if name == "feishu" {
					requirePace(t, c.all(), 5, time.Second)
				}
			})
		})
	}
}

// Events that wait at the same time share messages, and each gets its own result.
func TestEventsThatWaitShareAMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &chat{yes: "ok"}
		r := newWebhook(t, c, reporters.Slack())
		began := time.Now()
		var all sync.WaitGroup
		var ids []string
		for range 50 {
			e := reportertest.EmptyEvent(t)
			ids = append(ids, e.ID)
			all.Go(func() { require.NoError(t, r.Report(context.Background(), e)) })
		}
		all.Wait()
		require.Less(t, time.Since(began), 5*time.Second, "by themselves they would take 49 s")
		posts := c.all()
		requirePace(t, posts, 1, time.Second)
		for _, id := range ids {
			found := 0
			for _, p := range posts {
				found += strings.Count(p.body, "event "+id)
			}
			require.Equal(t, 1, found, id)
		}
	})
}

// A batch is as few messages as there is room for.
func TestABatchSharesMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &chat{yes: "ok"}
		r := newWebhook(t, c, reporters.Slack())
		var events []*holmes.Event
		for range 64 {
			events = append(events, reportertest.EmptyEvent(t))
		}
		require.NoError(t, r.ReportBatch(context.Background(), events))
		require.Len(t, c.all(), 4, "20 in each")
	})
}

// A report whose context ends before its turn returns when to try again.
func TestTooSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &chat{yes: `{"errcode":0}`}
		r := newWebhook(t, c, reporters.DingTalk())
		for range 20 {
			require.NoError(t, r.Report(context.Background(), reportertest.EmptyEvent(t)))
		}
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		began := time.Now()
		e := reportertest.EmptyEvent(t)
		err := r.Report(ctx, e)
		require.Zero(t, time.Since(began), "it does not wait in vain")
		require.False(t, holmes.IsPermanent(err))
		var told interface{ RetryAfter() time.Duration }
		require.ErrorAs(t, err, &told)
		require.Equal(t, time.Minute, told.RetryAfter())
		<-time.After(told.RetryAfter())
		require.NoError(t, r.Report(context.Background(), e))
		require.Len(t, c.all(), 21)
	})
}

// A report that is cancelled while it waits takes its event along, and delays no
// other.
func TestCancelledReportDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &chat{yes: "ok"}
		r := newWebhook(t, c, reporters.Slack())
		require.NoError(t, r.Report(context.Background(), reportertest.EmptyEvent(t)))

		leave, cancel := context.WithCancel(context.Background())
		var all sync.WaitGroup
		leader, follower, stays := reportertest.EmptyEvent(t), reportertest.EmptyEvent(t), reportertest.EmptyEvent(t)
		all.Go(func() { require.ErrorIs(t, r.Report(leave, leader), context.Canceled) })
		synctest.Wait()
		all.Go(func() { require.ErrorIs(t, r.Report(leave, follower), context.Canceled) })
		all.Go(func() { require.NoError(t, r.Report(context.Background(), stays)) })
		synctest.Wait()
		cancel()
		all.Wait()
		require.Len(t, c.all(), 2)
		require.Contains(t, c.all()[1].body, stays.ID)
		require.NotContains(t, c.all()[1].body, leader.ID)
		require.NotContains(t, c.all()[1].body, follower.ID)
	})
}

// The error of a message is the error of each event in it, and of no other.
func TestErrorsOfASharedMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c := &chat{yes: "ok", answer: func(*http.Request, string) (int, string) {
			if n++; n == 2 {
				return http.StatusServiceUnavailable, ""
			}
			return 0, ""
		}}
		r := newWebhook(t, c, reporters.Slack())
		var events []*holmes.Event
		for range 50 {
			events = append(events, reportertest.EmptyEvent(t))
		}
		err := r.ReportBatch(context.Background(), events)
		require.ErrorContains(t, err, "503")
		require.NoError(t, r.ReportBatch(context.Background(), events))
		sizes := []int{}
		for _, p := range c.all() {
			sizes = append(sizes, strings.Count(p.body, "confirmed event"))
		}
		require.Equal(t, []int{20, 20, 10, 20}, sizes, "the second message once more")
	})
}

func TestOwnRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &chat{}
		r := newWebhook(t, c, reporters.JSON(`{"n": {{len .Others}}}`), reporters.WithRate(2, time.Minute))
		var events []*holmes.Event
		for range 50 {
			events = append(events, reportertest.EmptyEvent(t))
		}
		require.NoError(t, r.ReportBatch(context.Background(), events))
		require.Len(t, c.all(), 3)
		requirePace(t, c.all(), 2, time.Minute)
		require.Equal(t, `{"n": 19}`, c.all()[0].body)

		single := newWebhook(t, c, reporters.JSON(`{"text": {{json .ID}}}`))
		require.NoError(t, single.ReportBatch(context.Background(), []*holmes.Event{reportertest.EmptyEvent(t), reportertest.EmptyEvent(t)}))
		require.Len(t, c.all(), 5, "a message each, for a template that is for one")
	})
}

// A transport that panics does not leave the others waiting.
func TestAPanicDoesNotBlockTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &chat{yes: "ok", answer: func(_ *http.Request, body string) (int, string) {
			if strings.Contains(body, "bad") {
				panic(errors.New("a bad transport"))
			}
			return 0, ""
		}}
		r := newWebhook(t, c, reporters.Slack(), reporters.WithRate(0, time.Second))
		bad := reportertest.EmptyEvent(t)
		bad.ID = "bad"
		require.PanicsWithError(t, "a bad transport", func() { _ = r.Report(context.Background(), bad) })
		err := r.Report(context.Background(), reportertest.EmptyEvent(t))
		require.NoError(t, err, fmt.Sprint(err))
	})
}
