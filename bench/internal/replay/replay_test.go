package replay_test

import (
	"context"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/detect"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/bench/internal/peers"
	"github.com/go-holmes/holmes/bench/internal/replay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bursty is a service with bursts of some seconds and two faults.
func bursty(n int) []float64 {
	r := rand.New(rand.NewPCG(1, 1))
	values := make([]float64, n)
	burst := 0
	for i := range values {
		if burst--; burst < 0 && r.IntN(60) == 0 {
			burst = r.IntN(25)
		}
		values[i] = 20 + 4*r.NormFloat64()
		if burst > 0 {
			values[i] += 30
		}
		if (i > n/4 && i < n/4+120) || (i > n/2 && i < n/2+60) {
			values[i] += 45
		}
	}
	return values
}

// The replay captures what a whole Holmes captures, event by event, to the second.
func TestReplayIsTheRealThing(t *testing.T) {
	values := bursty(3 * 3600)
	rule := holmes.Threshold{
		Min: 10, Diff: 25, Abs: 70, Margin: 10,
		Window: 2 * time.Minute, Hold: 15 * time.Second, CoolDown: time.Minute,
	}
	captures := replay.Config{Rule: rule, Interval: time.Second, Budget: 10, Grace: detect.DefaultGrace}.Run(values)
	require.GreaterOrEqual(t, len(captures), 3)
	require.Equal(t, captures, slices.Clone(live(t, rule, values)))
}

// A scripted source has one value a second.
type scripted struct {
	values []float64
	next   int
}

func (*scripted) Signal() holmes.Signal { return "scripted" }

func (s *scripted) Read(now time.Time) (holmes.Sample, error) {
	v := s.values[min(s.next, len(s.values)-1)]
	s.next++
	return holmes.Sample{Signal: "scripted", Value: v, Limit: 100, At: now}, nil
}

// A taker keeps events.
type taker struct {
	mu     sync.Mutex
	events []*holmes.Event
}

func (k *taker) Report(_ context.Context, e *holmes.Event) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.events = append(k.events, e)
	return nil
}

// live returns the captures of a Holmes on synthetic time.
func live(t *testing.T, rule holmes.Rule, values []float64) (captures []replay.Capture) {
	t.Helper()
	dir := t.TempDir()
	// A garbage collection would wake a Holmes from outside of its bubble.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	synctest.Test(t, func(t *testing.T) {
		source, got := &scripted{values: values}, &taker{}
		h, err := holmes.New(
			holmes.WithDumpPath(dir), holmes.WithLogger(nil), holmes.WithReporter(got),
			holmes.WithSource(source, rule, holmes.KindThreadcreate),
			holmes.WithMemoryWatch(false), holmes.WithFlightRecorder(holmes.RecorderOff), holmes.WithBaseline(0),
		)
		require.NoError(t, err)
		h.Disable(holmes.SignalCPU, holmes.SignalMem, holmes.SignalGCHeap, holmes.SignalGoroutine, holmes.SignalThread)
		begin := time.Now()
		require.NoError(t, h.Start())
		<-time.After(time.Duration(len(values)) * time.Second)
		synctest.Wait()
		h.Stop()
		got.mu.Lock()
		defer got.mu.Unlock()
		for _, e := range got.events {
			if e.State != holmes.StateConfirmed {
				continue
			}
			at := int(e.At.Sub(begin)/time.Second) - 1
			captures = append(captures, replay.Capture{
				Suspected: at, Confirmed: at + int(e.Trigger.Held/time.Second), Code: e.Trigger.Reason.Code,
			})
		}
	})
	return captures
}

// WithClassicRules and the rule that is written from mosn/holmes's definition agree.
func TestClassicIsThePeersRule(t *testing.T) {
	values := bursty(3600)
	c := replay.Default(holmes.SignalCPU, time.Second)
	c.Classic = true
	var at []int
	for _, c := range c.Run(values) {
		at = append(at, c.Confirmed)
	}
	require.NotEmpty(t, at)
	require.Equal(t, peers.Mosn{Min: 10, Diff: 25, Abs: 70, CoolDown: time.Minute}.Captures(values, time.Second), at)
}
