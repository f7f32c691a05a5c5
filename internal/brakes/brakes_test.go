package brakes_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/brakes"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/supervise"
	"github.com/go-holmes/holmes/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const budget = 10

// A host has a dump path and a clock that tests set.
type host struct {
	dir string
	now time.Time
}

func newHost(t *testing.T) *host {
	t.Helper()
	return &host{dir: t.TempDir(), now: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)}
}

// process returns the brakes of a process that has just been started.
func (h *host) process() *brakes.Brakes {
	clock := supervise.Clock{Mono: func() time.Duration { return 1 }, Wall: func() time.Time { return h.now }}
	log := supervise.NewLog(clock)
	return brakes.New(clock, log, eventstore.New(clock, log, supervise.NewBugs(log)), func() brakes.Config {
		return brakes.Config{Store: eventstore.Config{Path: h.dir, Events: 100, Bytes: 1 << 20, Free: -1}, Budget: budget}
	})
}

func (h *host) file() string { return filepath.Join(h.dir, "brakes", "state.json") }

var events atomic.Int64

// event returns an event of a process that has run for a time.
func (h *host) event(signal detect.Signal, code string, value float64, uptime time.Duration) *event.Event {
	return &event.Event{
		ID: fmt.Sprintf("%d", events.Add(1)), At: h.now, Labels: map[string]string{"service": "shop"},
		Readings: event.Readings{UptimeSeconds: uptime.Seconds()},
		Trigger: event.Trigger{
			Sample: detect.Sample{Signal: signal, Value: value},
			Reason: detect.Reason{Code: code, Text: string(signal), Rule: detect.Threshold{Margin: 10, CoolDown: time.Minute}},
		},
	}
}

func (h *host) crash() *event.Event { return h.event(event.SignalProcess, detect.CodeCrash, 95, 0) }

// A process that is restarted every five minutes, and reports its death and its memory each
// time, makes at most its budget of reports a day. The reports say how often it has
// happened, and the days after the first have some too.
func TestCrashLoopOfDays(t *testing.T) {
	h := newHost(t)
	var reported []*event.Event
	days := testkit.Heavy(3, 1)
	const every = 5 // minutes
	for minute := 0; minute < days*24*60; minute += every {
		p := h.process()
		for _, ev := range []*event.Event{
			h.crash(), h.event(detect.SignalMem, detect.CodeAbs, 81, 2*time.Second),
			h.event(detect.SignalMem, detect.CodeForecast, 97, 3*time.Second), h.event(detect.SignalGCHeap, detect.CodeAbs, 60, 3*time.Second),
		} {
			if p.Admit(ev) {
				reported = append(reported, ev)
			}
		}
		h.now = h.now.Add(every * time.Minute)
		require.LessOrEqual(t, len(reported), budget*(1+minute/(24*60)))
	}
	require.GreaterOrEqual(t, len(reported), 8*days)
	last := reported[len(reported)-1]
	require.Equal(t, event.SignalProcess, last.Trigger.Sample.Signal)
	require.Greater(t, last.Trigger.Times, 100)
	require.Contains(t, last.Sentence(), fmt.Sprintf("process (%d times in ", last.Trigger.Times))
	info := testkit.Must(os.Stat(h.file()))(t)
	require.Less(t, info.Size(), int64(8<<10))
}

// A process that has just been started goes on with the edge and the cool-down of the
// one before it. One that has run for a while limits itself.
func TestRestartGoesOn(t *testing.T) {
	h := newHost(t)
	mem := func(value float64, uptime time.Duration) *event.Event {
		return h.event(detect.SignalMem, detect.CodeAbs, value, uptime)
	}
	require.True(t, h.process().Admit(mem(81, time.Hour)))
	h.now = h.now.Add(30 * time.Second)
	require.False(t, h.process().Admit(mem(95, 5*time.Second)), "cooling down")
	require.True(t, h.process().Admit(h.event(detect.SignalCPU, detect.CodeAbs, 95, 5*time.Second)), "another signal")
	h.now = h.now.Add(time.Minute)
	require.False(t, h.process().Admit(mem(82, 5*time.Second)), "reported")
	require.True(t, h.process().Admit(mem(92, 5*time.Second)), "higher by the margin")
	require.True(t, h.process().Admit(mem(82, 20*time.Minute)), "it is not new")
	h.now = h.now.Add(25 * time.Hour)
	again := mem(81, 5*time.Second)
	require.True(t, h.process().Admit(again), "a day later")
	require.Equal(t, 1, again.Trigger.Times)
}

// An event is counted once, and a capture on demand not at all.
func TestEventIsCountedOnce(t *testing.T) {
	h := newHost(t)
	ev := h.event(detect.SignalMem, detect.CodeForecast, 97, time.Second)
	recovered := *ev
	require.True(t, h.process().Admit(ev))
	require.True(t, h.process().Admit(ev))
	require.True(t, h.process().Admit(&recovered), "by the process after the one that was killed")
	require.Equal(t, 1, recovered.Trigger.Times)
	for range 3 * budget {
		require.True(t, h.process().Admit(h.event(event.SignalManual, detect.CodeManual, 0, time.Second)))
	}
}

// How often it has happened, and in what time, is by when the events were, however long
// their evidence took.
func TestTimesAreOfTheEvents(t *testing.T) {
	h := newHost(t)
	var last *event.Event
	for _, took := range []time.Duration{9 * time.Second, 2 * time.Second, 5 * time.Second} {
		last = h.event(detect.SignalCPU, detect.CodeAbs, 95, time.Hour)
		h.now = h.now.Add(took)
		require.True(t, h.process().Admit(last))
		h.now = h.now.Add(10*time.Second - took)
	}
	require.Equal(t, 20*time.Second, last.Trigger.TimesOver)
	require.Contains(t, last.Sentence(), "(3 times in 20 s)")
	earlier := h.event(detect.SignalCPU, detect.CodeAbs, 95, time.Hour)
	earlier.At = earlier.At.Add(-time.Hour) // adopted from a process that was killed
	require.True(t, h.process().Admit(earlier))
	require.Zero(t, earlier.Trigger.TimesOver)
	wrong := h.event(detect.SignalMem, detect.CodeAbs, 95, time.Hour)
	wrong.At = time.Unix(0, 0) // by a clock that was not set
	require.True(t, h.process().Admit(wrong))
	next := h.event(detect.SignalMem, detect.CodeAbs, 95, time.Hour)
	require.True(t, h.process().Admit(next))
	require.Zero(t, next.Trigger.TimesOver)
}

// The processes of a service have one budget, and other services have their own. The
// first event of a reason is always reported.
func TestProcessesShareTheBudget(t *testing.T) {
	h := newHost(t)
	var admitted atomic.Int64
	var wg sync.WaitGroup
	for range 4 * budget {
		p, ev := h.process(), h.event(detect.SignalCPU, detect.CodeDiff, 60, time.Hour)
		wg.Go(func() {
			if p.Admit(ev) {
				admitted.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, budget, admitted.Load())
	require.True(t, h.process().Admit(h.event(detect.SignalCPU, detect.CodeAbs, 95, time.Hour)))
	require.False(t, h.process().Admit(h.event(detect.SignalCPU, detect.CodeAbs, 95, time.Hour)))
	other := h.event(detect.SignalCPU, detect.CodeDiff, 60, time.Hour)
	other.Labels["service"] = "cart"
	require.True(t, h.process().Admit(other))
}

// A file that is damaged, of another version or of the future counts as none, and is
// replaced.
func TestFileThatCannotBeRight(t *testing.T) {
	for name, damage := range map[string]func(*host, []byte) []byte{
		"empty":           func(*host, []byte) []byte { return nil },
		"cut off":         func(_ *host, raw []byte) []byte { return raw[:len(raw)-9] },
		"changed":         func(_ *host, raw []byte) []byte { return bytes.Replace(raw, []byte(`"mem"`), []byte(`"cpu"`), 1) },
		"another version": func(_ *host, raw []byte) []byte { return bytes.Replace(raw, []byte("brakes 1"), []byte("brakes 2"), 1) },
		"garbage":         func(*host, []byte) []byte { return []byte(strings.Repeat("\x00\xff{", 1000)) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			ev := func() *event.Event { return h.event(detect.SignalMem, detect.CodeAbs, 81, time.Second) }
			require.True(t, h.process().Admit(ev()))
			h.now = h.now.Add(time.Minute / 2)
			require.False(t, h.process().Admit(ev()))
			raw := testkit.Must(os.ReadFile(h.file()))(t)
			require.NoError(t, os.WriteFile(h.file(), damage(h, raw), 0o600))
			require.True(t, h.process().Admit(ev()))
			h.now = h.now.Add(time.Minute / 2)
			require.False(t, h.process().Admit(ev()))
		})
	}
}

// A process that cannot use its dump path has a quota after its start.
func TestWithoutADumpPath(t *testing.T) {
	h := newHost(t)
	h.dir = filepath.Join(h.dir, "file")
	require.NoError(t, os.WriteFile(h.dir, nil, 0o600))
	p, n := h.process(), 0
	for range budget {
		for _, signal := range []detect.Signal{detect.SignalCPU, detect.SignalMem, detect.SignalThread, detect.SignalGoroutine} {
			if p.Admit(h.event(signal, detect.CodeAbs, 95, time.Minute)) {
				n++
			}
		}
	}
	require.Equal(t, 3, n)
	require.True(t, p.Admit(h.event(detect.SignalGCHeap, detect.CodeAbs, 95, time.Hour)), "its start is over")
}
