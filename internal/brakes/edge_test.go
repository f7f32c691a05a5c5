package brakes_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/testkit"
)

// cpu returns an event of a level of the CPU, of a version of the service.
func (h *host) cpu(value float64, uptime time.Duration, version string) *event.Event {
	ev := h.event(detect.SignalCPU, detect.CodeAbs, value, uptime)
	ev.Labels["version"] = version
	return ev
}

// A level that was reported before a restart is reported again when a process has seen the
// signal back to normal, be it the one that reported it or one that has begun since. Another
// process that was calm all the time says nothing about it.
func TestNormalSignalEndsTheEdge(t *testing.T) {
	for name, calm := range map[string]func(h *host, reporter, next, neighbour func()){
		"of the reporter":       func(_ *host, reporter, _, _ func()) { reporter() },
		"of the next process":   func(_ *host, _, next, _ func()) { next() },
		"of another process":    func(_ *host, _, _, neighbour func()) { neighbour() },
		"of none":               func(*host, func(), func(), func()) {},
		"of the reporter twice": func(_ *host, reporter, _, _ func()) { reporter(); reporter() },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			first, began := h.process(), h.now.Add(-time.Hour)
			require.Nil(t, first.Judge(h.cpu(94, time.Hour, "1")))
			h.now = h.now.Add(5 * time.Minute)
			next := h.process()
			calm(h,
				func() { first.Calm("shop", detect.SignalCPU, began) },
				func() { next.Calm("shop", detect.SignalCPU, h.now) },
				func() { h.process().Calm("shop", detect.SignalCPU, began) })
			first.Calm("cart", detect.SignalCPU, h.now)
			first.Calm("shop", detect.SignalMem, h.now)
			for _, uptime := range []time.Duration{time.Minute, 20 * time.Minute} {
				h.now = h.now.Add(uptime)
				r := next.Judge(h.cpu(95, uptime, "1"))
				if name == "of another process" || name == "of none" {
					require.Equal(t, &detect.Refusal{Why: "was reported before the restart", Level: true, Reported: 94}, r, "it goes on")
					continue
				}
				require.Nil(t, r)
			}
		})
	}
}

// A new version is expected to be different. It waits for the end of the cool-down only.
func TestNewVersionIsANewEdge(t *testing.T) {
	h := newHost(t)
	require.Nil(t, h.process().Judge(h.cpu(94, time.Hour, "1")))
	h.now = h.now.Add(40 * time.Second)
	r := h.process().Judge(h.cpu(94, 30*time.Second, "2"))
	require.Equal(t, &detect.Refusal{Why: "was reported before the restart, and is cooling down", For: 20 * time.Second}, r)
	h.now = h.now.Add(r.For)
	require.NotNil(t, h.process().Judge(h.cpu(94, 30*time.Second, "1")), "the old one")
	require.Nil(t, h.process().Judge(h.cpu(94, 30*time.Second, "2")))
	h.now = h.now.Add(5 * time.Minute)
	require.True(t, h.process().Judge(h.cpu(94, 30*time.Second, "2")).Level, "it has been reported")
}

// A level that was reported keeps no other reason from being reported after a restart, be it
// in the cool-down or after it.
func TestReasonsHaveEdgesOfTheirOwn(t *testing.T) {
	h := newHost(t)
	mem := func(code string) *event.Event { return h.event(detect.SignalMem, code, 85, 10*time.Second) }
	require.Nil(t, h.process().Judge(mem(detect.CodeAbs)))
	h.now = h.now.Add(20 * time.Second)
	require.NotNil(t, h.process().Judge(mem(detect.CodeAbs)), "the cool-down")
	require.Nil(t, h.process().Judge(mem(detect.CodeForecast)), "the process is about to be killed")
	h.now = h.now.Add(5 * time.Minute)
	require.NotNil(t, h.process().Judge(mem(detect.CodeAbs)), "the edge")
	require.Nil(t, h.process().Judge(mem(detect.CodeDiff)))
}

// What is refused for its time says when it may be asked for again.
func TestRefusalsEnd(t *testing.T) {
	h := newHost(t)
	signals := []detect.Signal{detect.SignalCPU, detect.SignalMem, detect.SignalGCHeap, detect.SignalGoroutine, detect.SignalThread}
	for _, s := range signals {
		require.Nil(t, h.process().Judge(h.event(s, detect.CodeAbs, 95, time.Minute)))
	}
	r := h.process().Judge(h.event(detect.SignalCPU, detect.CodeDiff, 95, time.Minute))
	require.Equal(t, &detect.Refusal{Why: "is over the day's budget of events after starts", For: 9 * time.Minute}, r)
	require.Nil(t, h.process().Judge(h.event(detect.SignalMem, detect.CodeForecast, 97, time.Minute)), "the process is about to be killed")

	h = newHost(t)
	for range budget {
		require.Nil(t, h.process().Judge(h.cpu(95, 100*time.Hour, "")))
		h.now = h.now.Add(time.Minute)
	}
	r = h.process().Judge(h.cpu(95, 100*time.Hour, ""))
	require.Equal(t, &detect.Refusal{Why: "is over the day's budget of the service", For: 24*time.Hour - budget*time.Minute}, r)
	h.now = h.now.Add(r.For)
	require.Nil(t, h.process().Judge(h.cpu(95, 100*time.Hour, "")))
}

// Ends of runs leave a place of the day's budget to the first forecast.
func TestForecastHasAPlace(t *testing.T) {
	h := newHost(t)
	for _, s := range []detect.Signal{detect.SignalCPU, detect.SignalMem, detect.SignalGCHeap, detect.SignalGoroutine, detect.SignalThread} {
		require.Nil(t, h.process().Judge(h.event(s, detect.CodeAbs, 95, time.Minute)))
	}
	for range budget - 6 {
		require.Nil(t, h.process().Judge(h.crash()))
		h.now = h.now.Add(3 * time.Hour)
	}
	require.NotNil(t, h.process().Judge(h.crash()))
	require.Nil(t, h.process().Judge(h.event(detect.SignalMem, detect.CodeForecast, 97, time.Minute)))
	h.now = h.now.Add(3 * time.Hour)
	require.NotNil(t, h.process().Judge(h.crash()))
	require.NotNil(t, h.process().Judge(h.event(detect.SignalMem, detect.CodeForecast, 99, time.Minute)))
}

// A disk that cannot be used for a while keeps no signal from being back to normal.
func TestNormalIsWrittenLater(t *testing.T) {
	h := newHost(t)
	p, began := h.process(), h.now.Add(-time.Hour)
	require.Nil(t, p.Judge(h.cpu(94, time.Hour, "")))
	dir := h.dir
	h.dir = "/dev/null/none"
	p.Calm("shop", detect.SignalCPU, began)
	h.dir = dir
	h.now = h.now.Add(5 * time.Minute)
	require.NotNil(t, h.process().Judge(h.cpu(94, time.Minute, "")))
	p.Settle()
	require.Nil(t, h.process().Judge(h.cpu(94, time.Minute, "")))
	was := testkit.Must(fileTime(h))(t)
	p.Settle()
	require.Equal(t, was, testkit.Must(fileTime(h))(t), "it is written once")
}

// A wall clock that is set makes no new budget and no new edge.
func TestClockStepsAreNoNewDay(t *testing.T) {
	for name, step := range map[string]func(h *host){
		"25 hours forward and back": func(h *host) {
			h.now = h.now.Add(25 * time.Hour)
			require.Nil(t, h.process().Judge(h.cpu(95, 100*time.Hour, "")))
			h.now = h.now.Add(-25 * time.Hour)
		},
		"ten years forward and back": func(h *host) {
			h.now = h.now.AddDate(10, 0, 0)
			require.Nil(t, h.process().Judge(h.cpu(95, 100*time.Hour, "")))
			h.now = h.now.AddDate(-10, 0, 0)
		},
		"two hours back": func(h *host) { h.now = h.now.Add(-2 * time.Hour) },
		"ten years back": func(h *host) { h.now = h.now.AddDate(-10, 0, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			require.Nil(t, h.process().Judge(h.event(detect.SignalMem, detect.CodeAbs, 85, time.Hour)))
			for range budget {
				require.Nil(t, h.process().Judge(h.cpu(95, 100*time.Hour, "")))
				h.now = h.now.Add(10 * time.Minute)
			}
			step(h)
			for range 2 * budget {
				require.NotNil(t, h.process().Judge(h.cpu(95, 100*time.Hour, "")))
				h.now = h.now.Add(10 * time.Minute)
			}
			again := h.event(detect.SignalMem, detect.CodeAbs, 85, time.Minute)
			require.NotNil(t, h.process().Judge(again), "the edge")
			require.Equal(t, 2, again.Trigger.Times)
			h.now = h.now.Add(25 * time.Hour)
			require.Nil(t, h.process().Judge(h.cpu(95, 100*time.Hour, "")), "a day is over")
		})
	}
}

// Reports of a service that has gone are forgotten, and so are those of former days.
func TestStateStaysSmall(t *testing.T) {
	h := newHost(t)
	for i := range 300 {
		ev := h.cpu(95, 100*time.Hour, "")
		if i%2 == 0 {
			ev.Labels["service"] = ev.ID
		}
		require.Nil(t, h.process().Judge(ev))
		h.now = h.now.Add(25 * time.Hour)
	}
	require.Less(t, testkit.Must(fileSize(h))(t), int64(16<<10))
}

func fileTime(h *host) (time.Time, error) {
	info, err := os.Stat(h.file())
	return info.ModTime(), err
}

func fileSize(h *host) (int64, error) {
	info, err := os.Stat(h.file())
	return info.Size(), err
}
