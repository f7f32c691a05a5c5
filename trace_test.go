package holmes_test

import (
	"os/exec"
	"runtime/trace"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/flight"
	"github.com/go-holmes/holmes/internal/testkit"
)

// traced is a Holmes of the real process, whose every second is suspicious.
func traced(t *testing.T, opts ...holmes.Option) (*holmes.Holmes, *collector) {
	t.Helper()
	got := &collector{}
	opts = append([]holmes.Option{
		holmes.WithDumpPath(t.TempDir()), holmes.WithReporter(got), holmes.WithLogger(testLog{t}),
		holmes.WithCollectInterval("50ms"), holmes.WithCPUSamplingTime("100ms"), holmes.WithMemoryWatch(false),
		holmes.WithRule(holmes.SignalGoroutine, flapping{}),
	}, opts...)
	h := testkit.Must(holmes.New(opts...))(t)
	h.Disable(holmes.SignalCPU, holmes.SignalMem, holmes.SignalGCHeap, holmes.SignalThread)
	holmes.OwnTrace(h)
	require.NoError(t, h.Start())
	t.Cleanup(h.Stop)
	return h, got
}

func firstEvent(t *testing.T, got *collector) *holmes.Event {
	t.Helper()
	require.Eventually(t, func() bool { return len(got.all()) > 0 }, time.Minute, 10*time.Millisecond)
	return got.all()[0]
}

func traceOf(t *testing.T, e *holmes.Event) *holmes.Profile {
	t.Helper()
	for i := range e.Profiles {
		if e.Profiles[i].Kind == holmes.KindTrace {
			return &e.Profiles[i]
		}
	}
	t.Fatalf("nothing is said of a trace: %+v", e.Profiles)
	return nil
}

// requireTrace lets Go's own tool read a trace.
func requireTrace(t *testing.T, p *holmes.Profile) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "tool", "trace", "-d=parsed", p.Path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "GoID=")
}

// affordable returns the first trace that was not refused for its cost: a busy
// process may trace more for a moment than the recorder allows.
func affordable(t *testing.T, record func() (*holmes.Holmes, *holmes.Event)) (p *holmes.Profile) {
	t.Helper()
	for range 20 {
		h, e := record()
		if p = traceOf(t, e); p.Err == nil || !strings.Contains(p.Err.Error(), flight.ErrCostly.Error()) {
			break // an event from disk has the text of the error only
		}
		h.Stop()
	}
	require.NoError(t, p.Err)
	return p
}

// An event holds a trace of the suspicion, and the recorder is put away.
func TestTraceOfAnEvent(t *testing.T) {
	p := affordable(t, func() (*holmes.Holmes, *holmes.Event) {
		h, got := traced(t)
		return h, firstEvent(t, got)
	})
	require.Equal(t, "trace.out", p.File)
	require.Greater(t, p.Duration, 500*time.Millisecond)
	requireTrace(t, p)

	require.Eventually(t, func() bool {
		own := trace.NewFlightRecorder(trace.FlightRecorderConfig{})
		if own.Start() != nil {
			return false // there is another event
		}
		own.Stop()
		return true
	}, time.Minute, 10*time.Millisecond, "the application can have one")
}

// An application that has a recorder of its own keeps it, and the event says
// why there is no trace.
func TestTraceWhileTheApplicationRecords(t *testing.T) {
	own := trace.NewFlightRecorder(trace.FlightRecorderConfig{})
	require.NoError(t, own.Start())
	defer own.Stop()
	_, got := traced(t)
	p := traceOf(t, firstEvent(t, got))
	require.ErrorContains(t, p.Err, "no trace: the flight recorder is in use by the application")
	require.True(t, own.Enabled())
}

// A recorder that is always armed reaches back to before the suspicion.
func TestTraceAlways(t *testing.T) {
	p := affordable(t, func() (*holmes.Holmes, *holmes.Event) {
		h, _ := traced(t, holmes.WithFlightRecorder(holmes.RecorderAlways), holmes.WithRule(holmes.SignalGoroutine, holmes.Threshold{Abs: 1e6}))
		require.Eventually(t, func() bool { return h.Stats().Ticks > 30 }, time.Minute, 10*time.Millisecond)
		e := testkit.Must(h.CaptureNow(t.Context(), holmes.KindTrace))(t)
		return h, e
	})
	require.Greater(t, p.Duration, time.Second)
	requireTrace(t, p)
}

// With the recorder off, an event has neither a trace nor a reason for its absence.
func TestTraceOff(t *testing.T) {
	_, got := traced(t, holmes.WithFlightRecorder(holmes.RecorderOff))
	for _, p := range firstEvent(t, got).Profiles {
		require.NotEqual(t, holmes.KindTrace, p.Kind)
	}
	_, err := holmes.New(holmes.WithFlightRecorder(7))
	require.ErrorContains(t, err, "holmes: WithFlightRecorder: mode 7 is unknown")
}
