package holmes_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/internal/testkit"
)

// A rollout is no event: idle, then the usual traffic and its threads. A fault after
// that is one.
func TestRolloutIsNoEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithGrace(detect.DefaultGrace)).run(t)
		l.host.CPU(func() float64 { return 0.5 })
		l.host.SetThreads(6)
		seconds(20)
		require.Contains(t, l.WhyNot(holmes.SignalCPU), "below min")
		l.host.CPU(func() float64 { return 22 })
		l.host.SetThreads(22)
		for minute := range 3 {
			l.host.Memory(uint64(50+100*minute) << 20)
			seconds(60)
		}
		require.Contains(t, l.WhyNot(holmes.SignalCPU), "CPU 22 %, mean 22 %")
		require.Empty(t, l.got.all())
		for _, s := range l.Stats().Signals {
			require.Zero(t, s.Suspected, s.Signal)
		}
		l.host.CPU(func() float64 { return 60 })
		seconds(60)
		e := l.event(t)
		require.Equal(t, holmes.SignalCPU, e.Trigger.Sample.Signal)
		require.InDelta(t, 22, e.Trigger.Baseline, 0.1)
	})
}

// A process that waits until another one fails is no event when it takes over, however
// much memory and how many threads it had before. A fault after that is one.
func TestStandbyTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithGrace(detect.DefaultGrace)).run(t)
		l.host.CPU(func() float64 { return 0.5 })
		l.host.SetThreads(12)
		l.host.Memory(200 << 20)
		seconds(1800)
		l.host.CPU(func() float64 { return 24 })
		l.host.SetThreads(30)
		for minute := range 3 {
			l.host.Memory(uint64(200+100*minute) << 20)
			seconds(60)
		}
		require.Empty(t, l.got.all())
		for _, s := range l.Stats().Signals {
			require.Zero(t, s.Suspected, s.Signal)
		}
		l.host.CPU(func() float64 { return 60 })
		seconds(60)
		e := l.event(t)
		require.Equal(t, holmes.SignalCPU, e.Trigger.Sample.Signal)
		require.InDelta(t, 24, e.Trigger.Baseline, 0.1)
	})
}

// cheap makes the profiles of the baseline cost nothing.
func cheap(l *lab) *lab {
	for _, k := range []holmes.Kind{holmes.KindHeap, holmes.KindGoroutine} {
		l.SetCapture(k, 0, writes([]byte("x")))
	}
	return l
}

// What a process used before it was restarted is what is normal after it, and shortens
// the grace.
func TestRestartKnowsWhatIsNormal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := []holmes.Option{holmes.WithGrace(detect.DefaultGrace), holmes.WithBaseline(time.Minute)}
		first := cheap(newLab(t, opts...)).run(t)
		first.host.CPU(func() float64 { return 30 })
		seconds(600)
		first.Stop()
		kept := testkit.Must(holmes.LoadEvent(baselines(t, first.dir)[0]))(t)
		require.InDelta(t, 30, kept.Readings.Means[holmes.SignalCPU], 0.1)
		require.Empty(t, first.got.all())

		again := cheap(newLab(t, append(opts, holmes.WithDumpPath(first.dir))...)).run(t)
		seconds(70)
		require.Contains(t, again.WhyNot(holmes.SignalCPU), "below min", "it is idle")
		again.host.CPU(func() float64 { return 30 })
		seconds(20)
		require.Zero(t, again.Stats().Signals[0].Suspected, "its traffic is normal")
		again.host.CPU(func() float64 { return 60 })
		seconds(60)
		require.InDelta(t, 30, again.event(t).Trigger.Baseline, 0.1)
		again.Stop()

		kept = testkit.Must(holmes.LoadEvent(baselines(t, first.dir)[0]))(t)
		require.InDelta(t, 30, kept.Readings.Means[holmes.SignalCPU], 0.1, "the mean of the grace is none")
	})
}

// The next version of a service has the mean of the last one, and not its profiles. Another
// service has neither.
func TestNextVersionKnowsWhatIsNormal(t *testing.T) {
	for service, left := range map[string]string{"shop": "52 s", "cart": "172 s"} {
		testkit.Bubble(t, service, func(t *testing.T) {
			opts := []holmes.Option{holmes.WithGrace(detect.DefaultGrace), holmes.WithBaseline(time.Minute)}
			first := cheap(newLab(t, append(opts, holmes.WithLabels(map[string]string{"service": "shop"}))...)).run(t)
			first.host.CPU(func() float64 { return 30 })
			seconds(600)
			first.Stop()

			next := cheap(newLab(t, append(opts, holmes.WithDumpPath(first.dir), holmes.WithLabels(map[string]string{"service": service}))...))
			next.SetBuild("another")
			next.run(t)
			next.host.CPU(func() float64 { return 30 })
			seconds(8)
			require.Zero(t, next.Stats().Baseline.At)
			require.Contains(t, next.WhyNot(holmes.SignalCPU), "not compared with its mean for "+left)
		})
	}
}

// An event of a loaded process is not compared with an idle one: its whole load would
// be the culprit.
func TestIdleProcessIsNotWhatIsNormal(t *testing.T) {
	for name, calm := range map[string]float64{"idle": 0.5, "loaded": 5} {
		testkit.Bubble(t, name, func(t *testing.T) {
			l := newLab(t, holmes.WithBaseline(time.Minute))
			l.profiler.SetIdle(0.9)
			l.run(t)
			l.host.CPU(func() float64 { return calm })
			seconds(120)
			l.profiler.SetIdle(0.05)
			l.host.CPU(func() float64 { return 60 })
			seconds(60)
			v := l.event(t).Diagnosis
			require.Equal(t, name == "loaded", v.Confident, v.Sentence)
			if name == "idle" {
				require.Contains(t, v.Sentence, "nothing to compare with")
				require.Contains(t, v.Caveats, "the process was idle in calm times, so there is nothing to compare its load with")
			}
		})
	}
}

// A real process as a rollout starts it: nothing is reported of its start, and its fault
// a minute later is, with the function that is responsible.
func TestRealRollout(t *testing.T) {
	testkit.OnLinux(t, "the program reads its CPU time")
	if !testkit.IsHeavy() {
		t.Skip("takes two minutes; HOLMES_HEAVY=1 go test -run TestRealRollout . runs it")
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", "./scripts/rollout")
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	require.NoError(t, err)
	t.Logf("%s", out)
	type report struct {
		After             time.Duration
		Signal            holmes.Signal
		Culprit, Sentence string
	}
	var reports []report
	for lines := json.NewDecoder(bytes.NewReader(out)); lines.More(); {
		var r report
		require.NoError(t, lines.Decode(&r))
		reports = append(reports, r)
	}
	require.Len(t, reports, 1)
	require.Equal(t, holmes.SignalCPU, reports[0].Signal)
	require.Greater(t, reports[0].After, 75*time.Second)
	require.Equal(t, "main.spin", reports[0].Culprit, reports[0].Sentence)
}
