package holmes_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// restarted returns the next process of a service on the dump path of another one.
func restarted(t *testing.T, was *lab, version string, opts ...holmes.Option) *lab {
	t.Helper()
	was.Stop()
	opts = append(opts, holmes.WithDumpPath(was.dir), holmes.WithLabels(map[string]string{"version": version}))
	l := newLab(t, opts...).run(t)
	l.dir = was.dir
	l.host.CPU(calm)
	return l
}

func fault() float64 { return 94 }

func calm() float64 { return 2 }

// A fault soon after a restart is reported if the signal has been back to normal since the
// last report, before the restart or after it.
func TestFaultSoonAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := restarted(t, newLab(t), "1")
		seconds(15)
		first.host.CPU(fault)
		seconds(60)
		first.event(t)
		first.host.CPU(calm)
		seconds(90)
		next := restarted(t, first, "1")
		seconds(15)
		next.host.CPU(fault)
		seconds(60)
		next.event(t)

		last := restarted(t, next, "1")
		seconds(200)
		last.host.CPU(fault)
		seconds(300)
		last.event(t)
	})
}

// A level that goes on after a restart stays one event, however long, and WhyNot says so.
// When it is back to normal the next one is an event.
func TestLevelGoesOnAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := restarted(t, newLab(t), "1")
		seconds(15)
		first.host.CPU(fault)
		seconds(60)
		first.event(t)
		next := restarted(t, first, "1")
		seconds(90)
		next.host.CPU(fault)
		seconds(3600)
		require.Empty(t, next.got.all())
		require.Equal(t, "CPU 94 % fires, but was reported before the restart at 94 % and has not been back to normal since",
			next.WhyNot(holmes.SignalCPU))
		require.EqualValues(t, 1, next.Stats().Signals[0].Dismissed, "it was asked for once")
		next.host.CPU(calm)
		seconds(30)
		next.host.CPU(fault)
		seconds(60)
		next.event(t)
	})
}

// A new version is a new edge, and its fault is reported when the cool-down of the last
// one's is over: it is asked for twice.
func TestFaultOfANewVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := restarted(t, newLab(t), "1")
		seconds(15)
		first.host.CPU(fault)
		seconds(17)
		first.event(t)
		next := restarted(t, first, "2")
		next.host.CPU(fault)
		seconds(24)
		require.Empty(t, next.got.all())
		require.Contains(t, next.WhyNot(holmes.SignalCPU), " more: it was reported before the restart, and is cooling down")
		seconds(90)
		next.event(t)
		require.EqualValues(t, 1, next.Stats().Signals[0].Dismissed)
	})
}

// Memory has two readers, the tick and the watcher, which reads once a second. Together they
// ask for a level once a cool-down, whichever is the first: the first report, one that is
// refused, and one that is made are three times.
func TestMemoryOfANewVersion(t *testing.T) {
	for first, interval := range map[string]string{"the tick": "500ms", "the watcher": "2s", "either": "1s"} {
		testkit.Bubble(t, first, func(t *testing.T) {
			opts := []holmes.Option{holmes.WithMemoryWatch(true), holmes.WithCollectInterval(interval)}
			first := restarted(t, newLab(t), "1", opts...)
			seconds(15)
			first.host.Memory(900 << 20)
			seconds(20)
			first.event(t)
			next := restarted(t, first, "2", opts...)
			next.host.Memory(900 << 20)
			seconds(30)
			require.Empty(t, next.got.all())
			require.Contains(t, next.WhyNot(holmes.SignalMem), " more: it was reported before the restart, and is cooling down")
			seconds(600)
			trigger := next.event(t).Trigger
			require.Equal(t, holmes.SignalMem, trigger.Sample.Signal)
			require.Equal(t, 3, trigger.Times)
			signal := next.Stats().Signals[1]
			require.Equal(t, []uint64{2, 1, 1}, []uint64{signal.Suspected, signal.Confirmed, signal.Dismissed})
		})
	}
}
