package fleet_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/go-holmes/holmes/watch/internal/capture"
	"github.com/go-holmes/holmes/watch/internal/config"
	"github.com/go-holmes/holmes/watch/internal/deliver"
	"github.com/go-holmes/holmes/watch/internal/fleet"
	"github.com/go-holmes/holmes/watch/internal/targets"
	"github.com/go-holmes/holmes/watch/internal/targets/targetstest"
)

// A pod is a target whose metrics and profiles can be changed.
type pod struct {
	*httptest.Server
	goroutines atomic.Int64
	started    atomic.Int64
	profiles   atomic.Pointer[http.HandlerFunc]
	asked      atomic.Int64 // profiles
	scraped    atomic.Int64
}

func newPod(t *testing.T) *pod {
	t.Helper()
	p := new(pod)
	p.goroutines.Store(40)
	p.started.Store(1000)
	p.profiles.Store(new(http.HandlerFunc(pprof.Index)))
	mux := http.NewServeMux()
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		p.scraped.Add(1)
		_, _ = fmt.Fprintf(w, "go_goroutines %d\nprocess_start_time_seconds %d\n", p.goroutines.Load(), p.started.Load())
	})
	mux.HandleFunc("/debug/pprof/", func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		if strings.HasSuffix(r.URL.Path, "/profile") { // the process has one CPU profiler
			http.Error(w, "none here", http.StatusNotFound)
			return
		}
		(*p.profiles.Load())(w, r)
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

// A received is a reporter that keeps events.
type received chan *event.Event

func (r received) Report(_ context.Context, e *event.Event) error {
	r <- e
	return nil
}

// A scene is a fleet of pods of one service.
type scene struct {
	*fleet.Fleet
	config   *config.Config
	captures *capture.Captures
	targets  []*targets.Target
	pods     []*pod
	events   received
}

const rules = "rules: {goroutine: {min: 1, abs: 100, hold: 1s}}\ncapture: {seconds: 1s, grace: 0s}\n"

func newScene(t *testing.T, n int, more string) *scene {
	t.Helper()
	return newSceneOf(t, n, rules+more)
}

func newSceneOf(t *testing.T, n int, file string) *scene {
	t.Helper()
	s := &scene{events: make(received, 100)}
	var addresses []string
	for range n {
		p := newPod(t)
		s.pods = append(s.pods, p)
		addresses = append(addresses, p.Listener.Addr().String())
	}
	s.config = targetstest.Config(t, file+"scrape_configs:\n- job_name: shop\n  scrape_interval: 1s\n  static_configs: [{targets: ["+strings.Join(addresses, ",")+"]}]\n")
	s.targets = targetstest.Find(t, s.config, n)
	store := deliver.New(t.TempDir(), []event.Reporter{s.events}, zap.NewNop())
	store.Start()
	s.captures = capture.New(s.config.Capture, capture.NewLimits(s.config.Limits, time.Now), store, zap.NewNop())
	var err error
	s.Fleet, err = fleet.New(s.config, s.captures, zap.NewNop())
	require.NoError(t, err)
	t.Cleanup(func() {
		s.Stop()
		s.captures.Stop()
		s.Close()
		require.NoError(t, store.Stop(context.Background()))
	})
	return s
}

func eventually(t *testing.T, f func() bool) {
	t.Helper()
	require.Eventually(t, f, time.Minute, 5*time.Millisecond)
}

// allUp waits until each pod was read several times.
func (s *scene) allUp(t *testing.T) {
	t.Helper()
	eventually(t, func() bool {
		up := 0
		for _, v := range s.Views() {
			if v.State == "up" {
				up++
			}
		}
		return up == len(s.pods)
	})
}

// A fault in one of twenty: one event, of the right pod.
func TestOneOfTwenty(t *testing.T) {
	s := newScene(t, 20, "")
	require.False(t, s.Ready())
	s.Update(s.targets)
	require.True(t, s.Ready())
	s.allUp(t)
	s.pods[7].goroutines.Store(500)
	e := <-s.events
	require.Equal(t, s.pods[7].Listener.Addr().String(), e.Labels["instance"])
	require.Equal(t, detect.SignalGoroutine, e.Trigger.Sample.Signal)
	require.Equal(t, 500.0, e.Trigger.Sample.Value)
	require.NotNil(t, e.Profile(event.KindGoroutine))
	seen := s.pods[7].scraped.Load()
	eventually(t, func() bool { return s.pods[7].scraped.Load() > seen+3 })
	require.Empty(t, s.events, "the level stays, and is reported once")
	for i, p := range s.pods {
		if i != 7 {
			require.LessOrEqual(t, p.asked.Load(), int64(4), "at most a baseline")
		}
	}
	require.Zero(t, s.Stats().Failed.Load())
}

// Three faulty pods with a limit of two: two events, which count the third.
func TestThreeAtOnce(t *testing.T) {
	s := newScene(t, 5, "limits: {service_at_once: 2, gather: 5s}\n")
	s.Update(s.targets)
	s.allUp(t)
	for i, n := range []int64{400, 900, 600} {
		s.pods[i].goroutines.Store(n)
	}
	got := map[string]string{}
	for range 2 {
		e := <-s.events
		got[e.Labels["instance"]] = e.Labels["others_not_captured"]
	}
	require.Equal(t, map[string]string{
		s.pods[1].Listener.Addr().String(): "1",
		s.pods[2].Listener.Addr().String(): "1",
	}, got, "the most deviant")
	require.EqualValues(t, 1, s.captures.Stats().Refused.Load())
}

// A pod that dies in the middle of a capture leaves the evidence until then.
func TestDiesInBetween(t *testing.T) {
	s := newScene(t, 2, "")
	s.Update(s.targets)
	s.allUp(t)
	dead := s.pods[0]
	s.pods[0].profiles.Store(new(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("seconds") { // at the verdict
			go dead.CloseClientConnections()
			<-r.Context().Done()
			return
		}
		pprof.Index(w, r)
	})))
	dead.goroutines.Store(500)
	e := <-s.events
	require.NotNil(t, e.Profile(event.KindHeap))
	require.NotNil(t, e.Profile(event.KindGoroutine))
	for _, p := range e.Profiles {
		if p.Kind == event.KindMutex {
			require.Error(t, p.Err)
			require.NotContains(t, p.Note, "has recorded nothing")
		}
	}
	dead.Close()
	eventually(t, func() bool {
		for _, v := range s.Views() {
			if v.Instance == dead.Listener.Addr().String() {
				return v.State == "down" && v.Reason != ""
			}
		}
		return false
	})
}

// What a target answers leads nowhere else: neither metrics nor profiles.
func TestRedirectsCaptureNothing(t *testing.T) {
	s := newScene(t, 1, "")
	other := newPod(t)
	s.Update(s.targets)
	s.allUp(t)
	s.pods[0].profiles.Store(new(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
	})))
	s.pods[0].goroutines.Store(500)
	e := <-s.events
	for _, p := range e.Profiles {
		require.Error(t, p.Err, p.Kind)
	}
	require.Zero(t, other.asked.Load()+other.scraped.Load())
}

// A target in a network that is not allowed is never read.
func TestForbiddenNetwork(t *testing.T) {
	s := newScene(t, 1, "networks: {allow: [10.0.0.0/8]}\n")
	s.pods[0].goroutines.Store(500)
	s.Update(s.targets)
	eventually(t, func() bool { return s.Stats().Failed.Load() >= 3 })
	require.Zero(t, s.pods[0].scraped.Load()+s.pods[0].asked.Load())
	require.Contains(t, s.Views()[0].Reason, "in none of the networks")
}

// A target that leaves is not read any more, and one that changes is watched anew.
func TestUpdate(t *testing.T) {
	s := newScene(t, 2, "")
	s.Update(s.targets)
	s.allUp(t)
	s.Update(s.targets[:1])
	require.Len(t, s.Views(), 1)
	changed := *s.targets[0]
	changed.Labels = map[string]string{"service": "cart", "instance": "x"}
	s.Update([]*targets.Target{&changed})
	require.Equal(t, "cart", s.Views()[0].Service)
	s.Stop()
	s.Update(s.targets)
	require.Len(t, s.Views(), 1, "nothing after the end")
}

// A restart of the process is no event, and ends what was suspected.
func TestRestart(t *testing.T) {
	s := newSceneOf(t, 1, "rules: {goroutine: {min: 1, abs: 100, hold: 1h}}\n")
	s.Update(s.targets)
	s.allUp(t)
	p := s.pods[0]
	p.goroutines.Store(500)
	stats := s.captures.Stats()
	eventually(t, func() bool { return stats.Suspected.Load() == 1 })
	p.started.Store(2000)
	eventually(t, func() bool { return stats.Dismissed.Load() == 1 })
	require.Zero(t, stats.Captured.Load())
	require.Equal(t, "up", s.Views()[0].State)
}
