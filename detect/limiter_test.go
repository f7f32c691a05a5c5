package detect_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/detect"
)

// An event that is refused is none of the budget. One that is refused for a time is armed
// again when that is over, and a level that was reported already is at the higher of the two
// values. A cool-down that lasts longer stays.
func TestRefusedEventIsTakenBack(t *testing.T) {
	for name, tt := range map[string]struct {
		refusal   detect.Refusal
		fired     bool
		reported  float64
		coolUntil time.Duration
	}{
		"for a time":                  {detect.Refusal{For: 2 * time.Hour}, false, 60, 3 * time.Hour},
		"for less than the cool-down": {detect.Refusal{For: time.Second}, false, 60, time.Hour + time.Minute},
		"a level":                     {detect.Refusal{Level: true, Reported: 70}, true, 70, time.Hour + time.Minute},
		"a lower level":               {detect.Refusal{Level: true, Reported: 50}, true, 60, time.Hour + time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			l := detect.Limiter{Budget: 2}
			l.Report(0, 55, detect.CodeAbs)
			l.Report(time.Hour, 60, detect.CodeAbs)
			l.Cool(time.Hour, time.Minute)
			require.False(t, l.Allows(time.Hour, detect.CodeAbs))
			l.Refuse(time.Hour, &tt.refusal)
			require.True(t, l.Allows(time.Hour, detect.CodeAbs))
			require.Equal(t, tt.fired, l.Fired)
			require.InDelta(t, tt.reported, l.Reported, 0)
			require.Equal(t, tt.coolUntil, l.CoolUntil)
		})
	}
	var none detect.Limiter
	none.Refuse(time.Hour, &detect.Refusal{For: time.Minute})
	require.Equal(t, time.Hour+time.Minute, none.CoolUntil)
}

// Why there is no event is the refusal of the last one, while it lasts, and the event of the
// caller or of the detector is not refused.
func TestRefusalIsOfTheLastEvent(t *testing.T) {
	for name, report := range map[string]func(d *detect.Detector, now time.Duration, s detect.Sample){
		"its own": func(d *detect.Detector, now time.Duration, s detect.Sample) {
			require.Equal(t, detect.Confirmed, d.Step(now, s, ""))
		},
		"the caller's": func(d *detect.Detector, now time.Duration, s detect.Sample) {
			d.Preempt(now, s.Value, detect.CodeAbs)
			d.Step(now, s, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := detect.New(detect.Config{Rule: detect.Threshold{Abs: 80, CoolDown: time.Minute}, Interval: time.Second, Budget: 9})
			require.NoError(t, err)
			s := detect.Sample{Signal: detect.SignalCPU, Value: 90, Limit: 2}
			report(d, time.Second, s)
			d.Refuse(time.Second, detect.Refusal{Why: "was reported", For: time.Hour})
			d.Step(2*time.Second, s, "")
			require.True(t, d.View().Refused(2*time.Second))
			require.Equal(t, "CPU 90 % fires, but is not reported for 60 min more: it was reported", d.View().WhyNot(s, 2*time.Second, ""))
			const later = time.Hour + time.Second
			require.False(t, d.View().Refused(later))
			report(d, later, s)
			d.Step(later+time.Second, s, "")
			require.False(t, d.View().Refused(later+time.Second))
			require.Contains(t, d.View().WhyNot(s, later+time.Second, ""), "CPU 90 % fires, but is cooling down ")
		})
	}
}
