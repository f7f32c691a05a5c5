package judge_test

import (
	"testing"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/watch/internal/config"
	"github.com/go-holmes/holmes/watch/internal/judge"
)

// A fake is a suspicion that records what it is told.
type fake struct {
	first, final         judge.Cause
	confirmed, dismissed int
	over                 bool
	refused              *detect.Refusal
}

func (f *fake) Confirm(c judge.Cause)             { f.confirmed++; f.final = c }
func (f *fake) Dismiss()                          { f.dismissed++ }
func (f *fake) Finished() (bool, *detect.Refusal) { return f.over, f.refused }

// A scene is a judge of goroutines with a hold of 3 s, read once a second.
type scene struct {
	*judge.Judge
	t      *testing.T
	now    time.Duration
	events []*fake
}

func newScene(t *testing.T, more string) *scene {
	t.Helper()
	c, err := config.Parse([]byte("scrape_configs:\n- job_name: a\n  scrape_interval: 1s\n  static_configs: [{targets: [h:1]}]\n" +
		"rules: {goroutine: {min: 100, cool_down: 10s}}\n" + more))
	require.NoError(t, err)
	s := &scene{t: t}
	s.Judge, err = judge.New(c.Jobs[0], 0, func(c judge.Cause) judge.Suspicion {
		s.events = append(s.events, &fake{first: c})
		return s.events[len(s.events)-1]
	})
	require.NoError(t, err)
	return s
}

// play judges values of goroutines, one a second.
func (s *scene) play(values ...float64) {
	for _, v := range values {
		s.now += time.Second
		at := time.Unix(1000, 0).Add(s.now)
		s.Step(s.now, []detect.Sample{{Signal: detect.SignalGoroutine, Value: v, At: at}}, map[detect.Signal]string{detect.SignalCPU: "no CPU"}, "")
	}
}

func (s *scene) calm() {
	for range 12 {
		s.play(40)
	}
	require.Empty(s.t, s.events)
}

func TestConfirmed(t *testing.T) {
	s := newScene(t, "")
	s.calm()
	require.True(t, s.Calm(s.now))
	s.play(500, 500)
	require.Len(t, s.events, 1, "the evidence begins with the first sample")
	require.False(t, s.Calm(s.now))
	s.play(500, 500)
	e := s.events[0]
	require.Equal(t, 1, e.confirmed)
	require.Equal(t, detect.SignalGoroutine, e.final.Signal)
	require.Equal(t, 3*time.Second, e.final.Trigger.Held)
	require.Equal(t, 40.0, e.final.Trigger.Baseline)
	require.Equal(t, e.first.Onset, e.final.Onset)
	require.Contains(t, e.final.Trigger.Window, 500.0)
	s.play(500, 500, 500)
	require.Len(t, s.events, 1, "a level that stays is reported once")
}

func TestDismissed(t *testing.T) {
	s := newScene(t, "")
	s.calm()
	s.play(500, 40)
	require.Len(t, s.events, 1)
	require.Equal(t, 1, s.events[0].dismissed)
	s.events[0].over = true
	s.play(40)
	require.True(t, s.Calm(s.now))
}

// A suspicion ends when its target leaves.
func TestDrop(t *testing.T) {
	s := newScene(t, "")
	s.calm()
	s.play(500)
	s.Drop()
	require.Equal(t, 1, s.events[0].dismissed)
	require.Zero(t, s.events[0].confirmed)
	s.Drop()
	require.Equal(t, 1, s.events[0].dismissed, "once")
}

// An event that the limits refuse is reported again when its time is over.
func TestRefused(t *testing.T) {
	s := newScene(t, "")
	s.calm()
	s.play(500, 500, 500, 500)
	require.Equal(t, 1, s.events[0].confirmed)
	s.events[0].over = true
	s.events[0].refused = &detect.Refusal{Why: "was not captured", For: 20 * time.Second}
	for range 15 {
		s.play(500)
	}
	require.Len(t, s.events, 1)
	for range 30 {
		s.play(500)
	}
	require.Len(t, s.events, 2)
	require.Equal(t, 1, s.events[1].confirmed)
}

// A process that has been restarted is learned anew, and what was suspected ends.
func TestReset(t *testing.T) {
	s := newScene(t, "")
	s.calm()
	s.play(500)
	require.NoError(t, s.Reset(time.Minute))
	require.Equal(t, 1, s.events[0].dismissed)
	s.play(500, 500, 500, 500, 500)
	require.Len(t, s.events, 1, "in the grace nothing is compared with the mean")
	views := s.Views(s.now)
	require.Len(t, views, len(config.Signals()))
}

// The grace ends after load, which the CPU tells for all signals: a service of few
// goroutines is not idle for that.
func TestGraceEndsWithLoad(t *testing.T) {
	for cpu, want := range map[float64]int{20: 1, 0: 0} {
		s := newScene(t, "")
		require.NoError(t, s.Reset(30*time.Second))
		play := func(goroutines float64, seconds int) {
			for range seconds {
				s.now += time.Second
				at := time.Unix(1000, 0).Add(s.now)
				s.Step(s.now, []detect.Sample{
					{Signal: detect.SignalCPU, Value: cpu, Limit: 2, At: at},
					{Signal: detect.SignalGoroutine, Value: goroutines, At: at},
				}, nil, "")
			}
		}
		play(40, 120)
		require.Empty(t, s.events)
		play(500, 5)
		require.Len(t, s.events, want, "CPU %v %%", cpu)
	}
}

// The grace counts from the start of the process.
func TestGrace(t *testing.T) {
	c, err := config.Parse([]byte("scrape_configs:\n- job_name: a\n  static_configs: [{targets: [h:1]}]\n"))
	require.NoError(t, err)
	j, err := judge.New(c.Jobs[0], 3*time.Minute, nil)
	require.NoError(t, err)
	now := time.Unix(10_000, 0)
	require.Equal(t, 3*time.Minute, j.Grace(time.Time{}, now))
	require.Equal(t, 2*time.Minute, j.Grace(now.Add(-time.Minute), now))
	require.Zero(t, j.Grace(now.Add(-time.Hour), now))
}

func TestViews(t *testing.T) {
	s := newScene(t, "  \n")
	s.calm()
	by := map[detect.Signal]judge.View{}
	for _, v := range s.Views(s.now) {
		by[v.Signal] = v
	}
	require.Equal(t, judge.View{Signal: detect.SignalCPU, State: "no value", Why: "no CPU"}, by[detect.SignalCPU])
	require.Equal(t, "calm", by[detect.SignalGoroutine].State)
	require.Equal(t, "40", by[detect.SignalGoroutine].Value)
	require.Contains(t, by[detect.SignalGoroutine].Why, "below min 100")
}

func TestOff(t *testing.T) {
	s := newScene(t, "")
	require.Len(t, s.Views(0), len(config.Signals()))
	s = newScene(t, "")
	c, err := config.Parse([]byte("rules: {goroutine: {off: true}}\nscrape_configs:\n- job_name: a\n  static_configs: [{targets: [h:1]}]\n"))
	require.NoError(t, err)
	s.Judge, err = judge.New(c.Jobs[0], 0, nil)
	require.NoError(t, err)
	s.play(10, 10_000, 10_000, 10_000)
	require.Empty(t, s.events)
	require.False(t, s.Calm(s.now), "nothing is known of it")
}
