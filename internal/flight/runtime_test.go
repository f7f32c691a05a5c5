package flight_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/trace"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/flight"
	"github.com/go-holmes/holmes/internal/testkit"
)

// generous lets a busy machine, or one with the race detector, pass.
var generous = flight.Settings{MaxBytes: 64 << 20, MaxRate: 1e12, Always: true}

// requireTrace asserts that the trace tool reads a trace to its end, and
// returns its events.
func requireTrace(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trace.out")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command to read a trace with")
	}
	cmd := exec.CommandContext(t.Context(), goTool, "tool", "trace", "-d=parsed", path)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	events, err := cmd.Output()
	require.NoError(t, err, "%s", errs.String())
	require.Empty(t, errs.String())
	return string(events)
}

// talk has two goroutines exchange messages, in a region of the trace.
func talk(name string, rounds int) {
	trace.Log(context.Background(), "holmes", name)
	there, back := make(chan int), make(chan int)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(back)
		for n := range there {
			back <- n
		}
	})
	for n := range rounds {
		there <- n
		<-back
	}
	close(there)
	wg.Wait()
}

func TestTraceIsRead(t *testing.T) {
	b := flight.New(&flight.Runtime{})
	s := arm(t, b, generous)
	require.True(t, trace.IsEnabled())
	talk("beginning", testkit.Heavy(20_000, 3000))
	var first, whole, cut bytes.Buffer
	got := testkit.Must(s.WriteTo(t.Context(), &first, 64<<20))(t)
	require.EqualValues(t, first.Len(), got.Bytes)
	require.False(t, got.Shared)
	talk("end", 10)
	got = testkit.Must(s.WriteTo(t.Context(), &whole, 64<<20))(t)
	cutTo := got.Bytes / 2
	got = testkit.Must(s.WriteTo(t.Context(), &cut, cutTo))(t)
	require.LessOrEqual(t, int64(cut.Len()), cutTo)
	require.Less(t, got.Bytes, got.Total)

	require.Contains(t, requireTrace(t, first.Bytes()), `Message="beginning"`)
	events := requireTrace(t, whole.Bytes())
	require.Contains(t, events, `Message="beginning"`)
	require.Contains(t, events, `Message="end"`)
	events = requireTrace(t, cut.Bytes())
	require.NotContains(t, events, `Message="beginning"`, "cut where it may be")
	require.Contains(t, events, `Message="end"`)

	n, err := s.WriteTo(t.Context(), &cut, 100)
	require.ErrorIs(t, err, flight.ErrTooLarge)
	require.Zero(t, n)
	require.Positive(t, b.Cost().Bytes)
	disarm(t, s)
	require.False(t, trace.IsEnabled())
}

// The trace of the application and the recorder coexist, in any order of start and
// end.
func TestBesideTraceStart(t *testing.T) {
	for _, first := range []string{"theirs", "ours"} {
		t.Run(first, func(t *testing.T) {
			b := flight.New(&flight.Runtime{})
			var theirs, ours bytes.Buffer
			var s *flight.Session
			if first == "ours" {
				s = arm(t, b, generous)
			}
			require.NoError(t, trace.Start(&theirs))
			if first == "theirs" {
				s = arm(t, b, generous)
			}
			talk("both", 100)
			got := testkit.Must(s.WriteTo(t.Context(), &ours, 64<<20))(t)
			require.Equal(t, first == "theirs", got.Shared)
			require.Contains(t, requireTrace(t, ours.Bytes()), `Message="both"`)
			if first == "ours" {
				disarm(t, s)
				talk("theirs", 100)
				trace.Stop()
			} else {
				trace.Stop()
				talk("ours", 100)
				ours.Reset()
				require.NoError(t, testkit.Err(s.WriteTo(t.Context(), &ours, 64<<20)))
				require.Contains(t, requireTrace(t, ours.Bytes()), `Message="ours"`)
				disarm(t, s)
			}
			events := requireTrace(t, theirs.Bytes())
			require.Contains(t, events, `Message="both"`)
			require.Equal(t, first == "ours", strings.Contains(events, `Message="theirs"`))
			require.False(t, trace.IsEnabled())
		})
	}
}

// The application's own flight recorder is left alone.
func TestBesideAFlightRecorder(t *testing.T) {
	b := flight.New(&flight.Runtime{})
	own := trace.NewFlightRecorder(trace.FlightRecorderConfig{})
	require.NoError(t, own.Start())
	require.ErrorIs(t, testkit.Err(b.Arm(t.Context(), generous)), flight.ErrBusy)
	talk("own", 100)
	var theirs bytes.Buffer
	require.NoError(t, testkit.Err(own.WriteTo(&theirs)))
	require.Contains(t, requireTrace(t, theirs.Bytes()), `Message="own"`)
	own.Stop()

	s := arm(t, b, generous)
	require.Error(t, own.Start(), "the runtime has one")
	disarm(t, s)
	require.NoError(t, own.Start())
	own.Stop()
}

// A call of trace.Stop too many ends the recorder, and must not make the broker end a
// trace of the application.
func TestStopTooMany(t *testing.T) {
	b := flight.New(&flight.Runtime{})
	s := arm(t, b, generous)
	trace.Stop()
	<-s.Lost()
	require.ErrorIs(t, s.Err(), flight.ErrEnded)
	disarm(t, s)

	var theirs bytes.Buffer
	require.NoError(t, trace.Start(&theirs))
	talk("theirs", 100)
	trace.Stop()
	require.Contains(t, requireTrace(t, theirs.Bytes()), `Message="theirs"`)
	s = arm(t, b, generous)
	talk("ours", 100)
	var ours bytes.Buffer
	require.NoError(t, testkit.Err(s.WriteTo(t.Context(), &ours, 64<<20)))
	require.Contains(t, requireTrace(t, ours.Bytes()), `Message="ours"`)
	disarm(t, s)
}

// hanging is a writer of the application that blocks.
type hanging struct {
	once    sync.Once
	full    chan struct{}
	release chan struct{}
}

func (w *hanging) Write(p []byte) (int, error) {
	w.once.Do(func() { close(w.full) })
	<-w.release
	return len(p), nil
}

// The runtime waits for the writer of the application's trace, and every call of the
// recorder waits with it. The calls of the broker do not.
func TestBesideAWriterThatHangs(t *testing.T) {
	b := flight.New(&flight.Runtime{})
	w := &hanging{full: make(chan struct{}), release: make(chan struct{})}
	require.NoError(t, trace.Start(w))
	<-w.full
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := b.Arm(ctx, generous)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	close(w.release)
	trace.Stop()
	s := arm(t, b, generous) // waits for what is left of the last one
	var ours bytes.Buffer
	require.NoError(t, testkit.Err(s.WriteTo(t.Context(), &ours, 64<<20)))
	requireTrace(t, ours.Bytes())
	disarm(t, s)
	require.False(t, trace.IsEnabled())
}

// A process whose goroutines talk as fast as they can costs too much.
func TestBusyProcessStandsDown(t *testing.T) {
	b := flight.New(&flight.Runtime{})
	s := arm(t, b, flight.Settings{MaxRate: 100_000})
	for s.Err() == nil {
		talk("busy", 1000)
	}
	require.ErrorIs(t, s.Err(), flight.ErrCostly)
	disarm(t, s)
	require.False(t, trace.IsEnabled())
	require.ErrorIs(t, testkit.Err(b.Arm(t.Context(), generous)), flight.ErrCostly)
}

// BenchmarkCost compares a round of messages with the recorder and without, and
// reports the bytes of trace.
func BenchmarkCost(b *testing.B) {
	b.Run("off", func(b *testing.B) { talk("off", b.N) })
	b.Run("on", func(b *testing.B) {
		broker := flight.New(&flight.Runtime{})
		s := testkit.Must(broker.Arm(b.Context(), generous))(b)
		b.ResetTimer()
		talk("on", b.N)
		b.StopTimer()
		require.NoError(b, testkit.Err(s.WriteTo(b.Context(), io.Discard, 1<<40)))
		require.NoError(b, s.Disarm(b.Context()))
		b.ReportMetric(float64(broker.Cost().Bytes)/float64(b.N), "B/round")
	})
}

// BenchmarkMeasure is one measurement of an idle trace, by the number of goroutines,
// and one poll.
func BenchmarkMeasure(b *testing.B) {
	for _, goroutines := range []int{0, 10_000, 100_000} {
		b.Run(fmt.Sprint(goroutines), func(b *testing.B) {
			var wg sync.WaitGroup
			park := make(chan struct{})
			for range goroutines {
				wg.Go(func() { <-park })
			}
			defer wg.Wait()
			defer close(park)
			r := &flight.Runtime{}
			require.NoError(b, r.Start(time.Second, 1<<20))
			defer r.Stop()
			for b.Loop() {
				require.NoError(b, testkit.Err(r.WriteTo(io.Discard)))
			}
		})
	}
	b.Run("look", func(b *testing.B) {
		r := &flight.Runtime{}
		b.ReportAllocs()
		for b.Loop() {
			_ = r.Bound()
		}
	})
}
