package holmes_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// An event of each, by its default rule and by that of its option: what it says
// and what evidence it has.
func TestPressureEvents(t *testing.T) {
	procs := float64(runtime.GOMAXPROCS(0))
	for name, c := range map[string]struct {
		opts     []holmes.Option
		push     func(s *holmes.Pressure) // one second of trouble
		sentence string
		kinds    []holmes.Kind
	}{
		"gccpu above abs": {
			nil, func(s *holmes.Pressure) { s.Total += procs; s.Idle += procs - 1; s.GC += 0.6 },
			"garbage collection 60 % for 15 s: above 40 %",
			[]holmes.Kind{holmes.KindCPU, holmes.KindHeap},
		},
		"gccpu against its mean": {
			nil, func(s *holmes.Pressure) { s.Total += procs; s.Idle += procs - 1; s.GC += 0.3 },
			"garbage collection 30 % for 15 s: above its 119-second mean of 0 % (rule: 25 % and 10 points)",
			[]holmes.Kind{holmes.KindCPU, holmes.KindHeap},
		},
		"gccpu by its option": {
			[]holmes.Option{holmes.WithGCCPUDump(1, 0, 5, time.Minute)},
			func(s *holmes.Pressure) { s.Total += procs; s.Idle += procs - 1; s.GC += 0.06 },
			"garbage collection 6 % for 15 s: above 5 %",
			[]holmes.Kind{holmes.KindCPU, holmes.KindHeap},
		},
		"schedlat by its option": {
			[]holmes.Option{holmes.WithSchedLatDump(1, 0, 90, time.Minute)},
			func(s *holmes.Pressure) { s.Delays.Counts[2] += 1000 },
			"scheduling latency 99 ms for 15 s: above 90 ms",
			[]holmes.Kind{holmes.KindCPU, holmes.KindGoroutine},
		},
		"mutexwait by its option": {
			[]holmes.Option{holmes.WithMutexWaitDump(0, 0, 2, time.Minute)},
			func(s *holmes.Pressure) { s.Waited += 2.5 },
			"lock wait 2.5 s/s for 15 s: above 2 s/s",
			[]holmes.Kind{holmes.KindMutex, holmes.KindGoroutine},
		},
	} {
		testkit.Bubble(t, name, func(t *testing.T) {
			l, s := underPressure(t, c.opts...)
			l.run(t)
			seconds(120)
			for range 30 {
				s.Set(c.push)
				contendAt(0b1, 10)
				seconds(1)
			}
			e := l.event(t)
			require.Contains(t, e.Trigger.Sentence(), c.sentence)
			for _, k := range c.kinds {
				require.NotNil(t, e.Profile(k), "%s: %+v", k, e.Profiles)
			}
		})
	}
}

// A mean of next to nothing makes no percentage in the sentence.
func TestSentenceAboveNextToNothing(t *testing.T) {
	trigger := holmes.Trigger{
		Sample: holmes.Sample{Signal: holmes.SignalMutexWait, Value: 12}, Baseline: 0.00001,
		Reason: holmes.Reason{Code: holmes.CodeDiff, Rule: holmes.Threshold{Diff: 100, Margin: 1, Window: 2 * time.Minute}},
	}
	require.Equal(t, "lock wait 12 s/s: over 100 times its 2-minute mean of 0 s/s (rule: 100 % and 1 s/s)", trigger.Sentence())
}

// A rule that is set for a signal that stays off is rarely meant.
func TestWarnsOfARuleWithoutItsSignal(t *testing.T) {
	for name, c := range map[string]struct {
		opts   []holmes.Option
		enable bool
		warns  bool
	}{
		"set and off": {[]holmes.Option{holmes.WithSchedLatDump(5, 0, 20, time.Minute)}, false, true},
		"set and on":  {[]holmes.Option{holmes.WithSchedLatDump(5, 0, 20, time.Minute)}, true, false},
		"as it was":   {nil, false, false},
	} {
		testkit.Bubble(t, name, func(t *testing.T) {
			log := &lineLog{}
			l := newLab(t, append(c.opts, holmes.WithLogger(log))...)
			if c.enable {
				l.Enable(holmes.SignalSchedLat)
			}
			l.run(t)
			seconds(2)
			require.Equal(t, c.warns, strings.Contains(strings.Join(log.all(), "\n"), "schedlat: its rule is set, but it is off"))
		})
	}
}
