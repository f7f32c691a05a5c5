package detect_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/detect"
)

var steady = detect.Threshold{Min: 1, Diff: 25, Margin: 5, Window: time.Minute, Hold: 5 * time.Second, CoolDown: time.Minute}

// Settings that cannot be judged by are refused with the setting and the value, and
// what was there before stays.
func TestWrongSettings(t *testing.T) {
	good := detect.Config{Rule: steady, Interval: time.Second, Budget: 1}
	d, err := detect.New(good)
	require.NoError(t, err)
	for want, change := range map[string]func(*detect.Config){
		"rule is nil":                           func(c *detect.Config) { c.Rule = nil },
		"interval 0s: must be above 0":          func(c *detect.Config) { c.Interval = 0 },
		"interval -1s: must be above 0":         func(c *detect.Config) { c.Interval = -time.Second },
		"budget 0: must be above 0":             func(c *detect.Config) { c.Budget = 0 },
		"at an interval of 1ns are":             func(c *detect.Config) { c.Interval = 1 },
		"Hold -1s: must be a number from 0 on":  func(c *detect.Config) { c.Rule = detect.Threshold{Hold: -time.Second} },
		"Abs NaN: must be a number from 0 on":   func(c *detect.Config) { c.Rule = detect.Threshold{Abs: math.NaN()} },
		"Hold -1ns: must be a number from 0 on": func(c *detect.Config) { c.Rule = paced{detect.Pace{Hold: -1}} },
	} {
		c := good
		change(&c)
		_, err := detect.New(c)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, d.Change(c), want)
	}
	require.Equal(t, detect.None, d.Step(time.Second, detect.Sample{Value: 1}, ""))
}

// paced is a rule with a pace of its own.
type paced struct{ pace detect.Pace }

func (p paced) Eval(*detect.Ring, detect.Sample) (detect.Reason, bool) { return detect.Reason{}, false }
func (p paced) Pace() detect.Pace                                      { return p.pace }

// A value that is no finite number is skipped: it neither changes the mean nor makes
// or ends an event.
func TestValuesThatAreNoNumbers(t *testing.T) {
	c := detect.Config{Rule: steady, Interval: time.Second, Budget: 1}
	d, err := detect.New(c)
	require.NoError(t, err)
	var pair detect.Pair
	_, err = pair.Change(c, detect.Threshold{Diff: 25, Window: time.Hour})
	require.NoError(t, err)
	for i, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for second := range 100 {
			now := time.Duration(100*i+second+1) * time.Second
			v := 20.0
			if second == 50 {
				v = bad
			}
			require.Equal(t, detect.None, d.Step(now, detect.Sample{Value: v}, ""), "%v, %d s", bad, second)
			pair.Step(now, detect.Sample{Value: v}, func(d *detect.Detector, s detect.Sample) {
				require.Equal(t, detect.None, d.Step(now, s, ""))
			})
		}
	}
	require.InDelta(t, 20, d.View().Mean, 1e-9)
	require.InDelta(t, 20, pair.Slow.View().Mean, 1e-9)
	require.Empty(t, d.Samples(-1))
	require.Equal(t, "dismissed", detect.Dismissed.String())
}
