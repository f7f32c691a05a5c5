package deliver_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/go-holmes/holmes/watch/internal/config"
	"github.com/go-holmes/holmes/watch/internal/deliver"
)

// A receiver is a reporter that refuses events for some time.
type receiver struct {
	refuse atomic.Bool
	got    chan string
}

func (r *receiver) Name() string { return "receiver" }

func (r *receiver) Report(_ context.Context, e *event.Event) error {
	if r.refuse.Load() {
		r.got <- "refused"
		return errors.New("not now")
	}
	r.got <- e.ID
	return nil
}

// An event that was not delivered before the end is delivered after the next start.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	r := &receiver{got: make(chan string, 100)}
	r.refuse.Store(true)
	s := deliver.New(dir, []event.Reporter{r}, zap.NewNop())
	s.Start()
	at := time.Now()
	ev := &event.Event{ID: s.NextID(at, detect.SignalCPU), State: event.StateConfirmed, At: at, Labels: map[string]string{"service": "shop"}}
	files, err := s.Create(t.Context(), ev.ID)
	require.NoError(t, err)
	_, refused, err := files.Write("heap.pb.gz", eventstore.Content([]byte("x")), false)
	require.NoError(t, errors.Join(refused, err))
	require.NoError(t, files.Describe(ev))
	id := ev.ID
	s.Deliver(ev, &files)
	require.Equal(t, "refused", <-r.got)
	require.Len(t, s.Stats(), 1)
	require.NoError(t, s.Stop(t.Context()))

	for len(r.got) > 0 {
		<-r.got
	}
	r.refuse.Store(false)
	s = deliver.New(dir, []event.Reporter{r}, zap.NewNop())
	s.Start()
	require.Equal(t, id, <-r.got)
	require.NoError(t, s.Stop(t.Context()))
	require.Empty(t, r.got, "once")
}

func TestReporters(t *testing.T) {
	parse := func(more string) *config.Config {
		c, err := config.Parse([]byte("scrape_configs:\n- job_name: a\n  static_configs: [{targets: [h:1]}]\n" + more))
		require.NoError(t, err)
		return c
	}
	none, err := deliver.Reporters(parse(""))
	require.NoError(t, err)
	require.Empty(t, none)
	all, err := deliver.Reporters(parse(`collector: http://127.0.0.1:1
reporters:
- {type: slack, url: "https://hooks.example.com/x", link: "https://h/{{.ID}}", only: {team: red}}
- {type: alertmanager, url: "http://alerts:9093", plain_http: true, timeout: 5s}
- {type: dingtalk, url: "https://d/x"}
- {type: feishu, url: "https://f/x"}
- {type: http, url: "https://h/x"}
- {type: profefe, url: "https://p/x"}
- {type: pyroscope, url: "https://y/x"}
`))
	require.NoError(t, err)
	require.Len(t, all, 8)
	team, ok := all[1].(interface{ Wants(*event.Event) bool })
	require.True(t, ok)
	require.True(t, team.Wants(&event.Event{Labels: map[string]string{"team": "red"}}))
	require.False(t, team.Wants(&event.Event{Labels: map[string]string{"team": "blue"}}))
	_, err = deliver.Reporters(parse("collector: http://other:1\nreporters: [{type: pigeon, url: x}, {type: http, url: 'https://h', token_file: /none}]\n"))
	require.ErrorContains(t, err, "there is no such type, only [alertmanager collector")
	require.ErrorContains(t, err, "/none")
	require.ErrorContains(t, err, "holmes-watch: collector: ", "http to another machine has to be allowed")
}
