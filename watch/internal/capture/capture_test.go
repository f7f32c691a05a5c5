package capture_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/go-holmes/holmes/watch/internal/capture"
	"github.com/go-holmes/holmes/watch/internal/client"
	"github.com/go-holmes/holmes/watch/internal/deliver"
	"github.com/go-holmes/holmes/watch/internal/judge"
	"github.com/go-holmes/holmes/watch/internal/targets/targetstest"
)

// A received is a reporter that keeps events.
type received chan *event.Event

func (r received) Report(_ context.Context, e *event.Event) error {
	r <- e
	return nil
}

// A scene is a target, and captures of it.
type scene struct {
	*capture.Captures
	*capture.Source
	events received
	store  *deliver.Service
}

// newScene returns a scene with a target of its own handler.
func newScene(t *testing.T, h http.Handler) *scene {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c := targetstest.Config(t, fmt.Sprintf("capture: {seconds: 1s, profile_bytes: 300000}\nscrape_configs:\n- job_name: shop\n"+
		"  own_modules: [github.com/go-holmes/holmes]\n  static_configs: [{targets: [%q], labels: {team: red}}]\n", server.Listener.Addr()))
	cl, err := client.New(c.Jobs[0], &c.Networks)
	require.NoError(t, err)
	pin := new(client.Pin)
	_, err = cl.Get(t.Context(), client.Request{URL: server.URL, Most: 1, Pin: pin, Scrape: true})
	require.NoError(t, err)

	s := &scene{events: make(received, 1), Source: capture.NewSource(targetstest.Find(t, c, 1)[0], cl, pin)}
	s.store = deliver.New(t.TempDir(), []event.Reporter{s.events}, zap.NewNop())
	s.store.Start()
	l := limits()
	l.Gather = model.Duration(time.Millisecond)
	s.Captures = capture.New(c.Capture, capture.NewLimits(l, time.Now), s.store, zap.NewNop())
	t.Cleanup(func() {
		s.Stop()
		cl.Close()
		require.NoError(t, s.store.Stop(context.Background()))
	})
	return s
}

// target returns the handler of a target whose handlers of profiles may be replaced.
func target(replaced map[string]http.HandlerFunc) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	for name, h := range map[string]http.HandlerFunc{
		"profile": pprof.Profile, "heap": pprof.Index, "goroutine": pprof.Index, "mutex": pprof.Index, "block": pprof.Index, "threadcreate": pprof.Index,
	} {
		if other := replaced[name]; other != nil {
			h = other
		}
		mux.HandleFunc("/debug/pprof/"+name, h)
	}
	return mux
}

func cause() judge.Cause {
	at := time.Now()
	return judge.Cause{Signal: detect.SignalGoroutine, Onset: at, Trigger: event.Trigger{
		Sample: detect.Sample{Signal: detect.SignalGoroutine, Value: 100, At: at}, Reason: detect.Reason{Code: detect.CodeAbs}, Baseline: 10,
	}}
}

func (s *scene) suspect() judge.Suspicion {
	return s.Suspect(s.Source, func() event.Readings { return event.Readings{Goroutines: 7} }, cause())
}

func (s *scene) confirmed(t *testing.T) *event.Event {
	t.Helper()
	s.suspect().Confirm(cause())
	select {
	case e := <-s.events:
		return e
	case <-t.Context().Done():
		require.Fail(t, "no event")
		return nil
	}
}

// over waits for the end of a suspicion.
func over(t *testing.T, s judge.Suspicion) (refused *detect.Refusal) {
	t.Helper()
	require.Eventually(t, func() (is bool) {
		is, refused = s.Finished()
		return is
	}, time.Minute, time.Millisecond)
	return refused
}

// busy keeps goroutines in a function, as the baseline does not have them.
func busy(n int) (end func()) {
	release := make(chan struct{})
	var all sync.WaitGroup
	for range n {
		all.Go(func() { waitForReader(release) })
	}
	return func() { close(release); all.Wait() }
}

//go:noinline
func waitForReader(c <-chan struct{}) { <-c }

// A whole event: all kinds, the target's labels, and the guilty function against the
// baseline.
func TestCapture(t *testing.T) {
	s := newScene(t, target(nil))
	s.Calm(s.Source, func() bool { return true })
	require.Eventually(t, func() bool { return s.HasBaseline(s.Source) }, time.Minute, time.Millisecond)
	defer busy(500)()
	e := s.confirmed(t)
	require.Equal(t, event.StateConfirmed, e.State)
	require.Equal(t, map[string]string{"job": "shop", "service": "shop", "instance": s.Target.Address, "team": "red", "fired_by": "holmes-watch rule"}, e.Labels)
	require.Equal(t, 7, e.Readings.Goroutines)
	for _, k := range []event.Kind{event.KindHeap, event.KindGoroutine, event.KindCPU} {
		require.NotNil(t, e.Profile(k), k)
	}
	require.Equal(t, time.Second, e.Profile(event.KindCPU).Duration)
	require.True(t, e.Diagnosis.Confident, e.Diagnosis.Sentence)
	require.Equal(t, "github.com/go-holmes/holmes/watch/internal/capture_test.waitForReader", e.Diagnosis.Culprits[0].Function)
	require.Contains(t, e.Diagnosis.Compared, "calm times")
	loaded, err := event.Load(e.Dir)
	require.NoError(t, err)
	require.Equal(t, e.Sentence(), loaded.Sentence())
	var missing []event.Kind
	for _, p := range loaded.Profiles {
		if p.Err != nil {
			missing = append(missing, p.Kind)
			require.Contains(t, p.Note, "has recorded nothing")
		}
	}
	require.Equal(t, []event.Kind{event.KindMutex, event.KindBlock}, missing)
}

// The evidence of a suspicion is on disk before the verdict, and a dismissed one is not
// delivered.
func TestDismissed(t *testing.T) {
	var asked atomic.Int32
	s := newScene(t, target(map[string]http.HandlerFunc{"profile": func(http.ResponseWriter, *http.Request) { asked.Add(1) }}))
	x := s.suspect()
	x.Dismiss()
	require.Nil(t, over(t, x))
	require.Zero(t, asked.Load(), "a CPU profile is for the verdict")
	require.EqualValues(t, 1, s.Stats().Dismissed.Load())
	require.Empty(t, s.events)
}

// A signal that flaps costs its target twelve pairs of profiles an hour. What is confirmed
// then has its evidence from the verdict on.
func TestFlapping(t *testing.T) {
	var asked atomic.Int32
	s := newScene(t, target(map[string]http.HandlerFunc{"heap": func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		pprof.Index(w, r)
	}}))
	for range 15 {
		x := s.suspect()
		x.Dismiss()
		require.Nil(t, over(t, x))
	}
	require.EqualValues(t, 12, asked.Load())
	require.EqualValues(t, 15, s.Stats().Dismissed.Load())
	e := s.confirmed(t)
	require.EqualValues(t, 14, asked.Load())
	require.NotNil(t, e.Profile(event.KindHeap))
	require.NotNil(t, e.Profile(event.KindCPU))
}

// An event of the same target within a minute is refused, with the reason.
func TestRefused(t *testing.T) {
	s := newScene(t, target(nil))
	s.confirmed(t)
	x := s.suspect()
	x.Confirm(cause())
	refused := over(t, x)
	require.NotNil(t, refused)
	require.Contains(t, refused.Why, "the target was captured")
	require.EqualValues(t, 1, s.Stats().Refused.Load())
}

// Another program that profiles the target is waited for, and a server that would end the
// answer is asked for less.
func TestBusyProfiler(t *testing.T) {
	for name, c := range map[string]struct {
		refuse func(w http.ResponseWriter)
		times  int32
		note   string // of the profile
	}{
		"waits": {func(w http.ResponseWriter) {
			http.Error(w, "Could not enable CPU profiling: cpu profiling already in use", http.StatusInternalServerError)
		}, 2, "another program was profiling the target"},
		"gives up": {func(w http.ResponseWriter) {
			http.Error(w, "Could not enable CPU profiling: cpu profiling already in use", http.StatusInternalServerError)
		}, 100, "already in use"},
		"cannot be shorter": {func(w http.ResponseWriter) {
			http.Error(w, "profile duration exceeds server's WriteTimeout", http.StatusBadRequest)
		}, 100, "exceeds server's WriteTimeout"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			s := newScene(t, target(map[string]http.HandlerFunc{"profile": func(w http.ResponseWriter, r *http.Request) {
				if asked.Add(1) <= c.times {
					c.refuse(w)
					return
				}
				pprof.Profile(w, r)
			}}))
			var pauses atomic.Int64
			s.SetWait(func(_ context.Context, d time.Duration) error {
				pauses.Add(int64(d))
				return nil
			})
			e := s.confirmed(t)
			notes := ""
			for _, p := range e.Profiles {
				if p.Kind == event.KindCPU {
					notes += p.Note
				}
			}
			require.Contains(t, notes, c.note)
			require.Equal(t, c.times < 100, e.Profile(event.KindCPU) != nil)
			require.LessOrEqual(t, asked.Load(), int32(4))
			require.Equal(t, name != "cannot be shorter", pauses.Load() >= int64(time.Second), "half the duration each time, and jitter")
		})
	}
}

// What a hostile target sends is refused with the reason, and the rest of the event stands.
func TestHostileProfiles(t *testing.T) {
	text := func(s string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, s) }
	}
	exploding := bomb(t)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"no profile":   {text("<html>hello</html>"), ""},
		"nothing":      {text(""), ""},
		"another kind": {func(w http.ResponseWriter, r *http.Request) { pprof.Handler("goroutine").ServeHTTP(w, r) }, "another profile than that of heap"},
		"too large":    {text(strings.Repeat("x", 300_001)), "larger than 300000 bytes"},
		"bomb":         {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(exploding) }, "MiB of memory"},
		"refused":      {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "go away", http.StatusForbidden) }, "403: go away"},
		"redirects away": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		}, "another host"},
		"dies in between": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, target(map[string]http.HandlerFunc{"heap": c.answer}))
			e := s.confirmed(t)
			require.Nil(t, e.Profile(event.KindHeap))
			require.NotNil(t, e.Profile(event.KindGoroutine))
			require.NotNil(t, e.Profile(event.KindCPU))
			for _, p := range e.Profiles {
				if p.Kind == event.KindHeap {
					require.Error(t, p.Err)
					require.Contains(t, p.Note, c.want)
				}
			}
			require.EqualValues(t, 2, s.Stats().Failed.Load(), "at the suspicion and at the verdict")
		})
	}
}

// A stop in the middle of a capture ends it with what there is, and the event is
// delivered.
func TestStopInBetween(t *testing.T) {
	recording := make(chan struct{})
	s := newScene(t, target(map[string]http.HandlerFunc{"profile": func(_ http.ResponseWriter, r *http.Request) {
		close(recording)
		<-r.Context().Done()
	}}))
	x := s.suspect()
	x.Confirm(cause())
	<-recording
	s.Stop()
	e := <-s.events
	require.Nil(t, e.Profile(event.KindCPU))
	require.NotNil(t, e.Profile(event.KindHeap))
	require.Nil(t, s.suspect(), "none begins after the end")
}

// A target that is not calm at the end of a round has no baseline.
func TestNotCalm(t *testing.T) {
	s := newScene(t, target(nil))
	asked := make(chan struct{})
	s.Calm(s.Source, func() bool { close(asked); return false })
	<-asked
	s.Stop()
	require.False(t, s.HasBaseline(s.Source))
	require.Zero(t, s.Stats().Baselines.Load())
}
