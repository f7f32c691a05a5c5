package holmes_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

// WithClassicRules judges nothing before the tenth reading, the current one is
// in the mean, and an event comes at once and again after the plain cool-down.
func TestClassicRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithClassicRules(), holmes.WithCPUSamplingTime("1s"), holmes.WithDailyBudget(1)).run(t)
		l.host.CPU(func() float64 { return 95 })
		seconds(9)
		require.Zero(t, l.Stats().Signals[0].Suspected)
		require.Contains(t, l.WhyNot(holmes.SignalCPU), "warming up, 9 of 10")
		seconds(1)
		require.EqualValues(t, 1, l.Stats().Signals[0].Suspected)
		seconds(2)
		require.Len(t, l.got.all(), 1)
		require.Zero(t, l.got.all()[0].Trigger.Held)
		require.Equal(t, 10*time.Second, l.got.all()[0].Trigger.BaselineOver)
		seconds(600)
		require.InDelta(t, 11, len(l.got.all()), 1, "every minute, for ever")
	})
}

func TestThreshold(t *testing.T) {
	rule := holmes.Threshold{Min: 10, Diff: 25, Abs: 70, Max: 95, Margin: 10}
	for _, c := range []struct {
		name   string
		before []float64
		value  float64
		code   string
		fires  bool
	}{
		{"below min", repeat(5, 20), 9.99, "below-min", false},
		{"at max", repeat(5, 20), 95, "above-max", false},
		{"at abs", repeat(68, 20), 70, "normal", false},
		{"above abs", repeat(68, 20), 70.01, "abs", true},
		{"above abs while warming", repeat(68, 2), 71, "abs", true},
		{"diff while warming", repeat(10, 9), 60, "warming", false},
		{"diff with nothing before", nil, 60, "warming", false},
		{"diff short of the margin", repeat(30, 20), 39.9, "normal", false},
		{"diff at the margin", repeat(30, 20), 40, "diff", true},
		{"margin short of the diff", repeat(50, 20), 62.4, "normal", false},
		{"at the diff", repeat(50, 20), 62.5, "diff", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			why, fires := rule.Eval(holmes.NewRing(120, c.before...), holmes.Sample{Value: c.value})
			require.Equal(t, c.code, why.Code)
			require.Equal(t, c.fires, fires)
		})
	}
	t.Run("zero is off", func(t *testing.T) {
		_, fires := holmes.Threshold{}.Eval(holmes.NewRing(120, repeat(1, 20)...), holmes.Sample{Value: 1e9})
		require.False(t, fires)
	})
}

func repeat(v float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
}

func TestSentences(t *testing.T) {
	rule := holmes.Threshold{Diff: 25, Abs: 70, Margin: 10, Window: 2 * time.Minute}
	for want, tr := range map[string]holmes.Trigger{
		"CPU 61 % for 15 s: 49 % above its 2-minute mean of 41 % (rule: 25 % and 10 points)": {
			Sample: holmes.Sample{Signal: holmes.SignalCPU, Value: 61, Limit: 2},
			Reason: holmes.Reason{Code: holmes.CodeDiff, Rule: rule}, Baseline: 41, Held: 15 * time.Second,
		},
		"CPU 92 % for 15 s: above 70 %, mean before it 31 %": {
			Sample: holmes.Sample{Signal: holmes.SignalCPU, Value: 92, Limit: 2},
			Reason: holmes.Reason{Code: holmes.CodeAbs, Rule: rule}, Baseline: 31, Held: 15 * time.Second,
		},
		"goroutines 9000 for 3 s: 200 % above its 2-minute mean of 3000 (rule: 25 % and 10 goroutines)": {
			Sample: holmes.Sample{Signal: holmes.SignalGoroutine, Value: 9000},
			Reason: holmes.Reason{Code: holmes.CodeDiff, Rule: rule}, Baseline: 3000, Held: 3 * time.Second,
		},
		"memory 44 % for 10 min: 29 % above its 6-hour mean of 34 % (rule: 25 % and 5 points)": {
			Sample: holmes.Sample{Signal: holmes.SignalMem, Value: 44, Limit: 1 << 30},
			Reason: holmes.Reason{Code: holmes.CodeSlow, Rule: holmes.Threshold{Diff: 25, Margin: 5, Window: 6 * time.Hour}}, Baseline: 34, Held: 10 * time.Minute,
		},
		"CPU 61 % for 15 s: 49 % above its 37-second mean of 41 % (rule: 25 % and 10 points)": {
			Sample: holmes.Sample{Signal: holmes.SignalCPU, Value: 61, Limit: 2},
			Reason: holmes.Reason{Code: holmes.CodeDiff, Rule: rule}, Baseline: 41, BaselineOver: 37 * time.Second, Held: 15 * time.Second,
		},
		"queue 7: the rule's own words": {
			Sample: holmes.Sample{Signal: "queue", Value: 7}, Reason: holmes.Reason{Code: "mine", Text: "queue 7: the rule's own words"},
		},
		"captured on demand": {Reason: holmes.Reason{Code: holmes.CodeManual}},
	} {
		require.Equal(t, want, tr.Sentence())
	}
}

// A flat line fires no rule, however small its values are.
func TestFlatLineNeverFires(t *testing.T) {
	for _, v := range []float64{0, 0.4, 1, 1.9, 2, 3, 3.99} {
		ring := holmes.NewRing(120, v, v, v, v, v, v, v, v, v, v, v)
		_, fires := holmes.Threshold{Diff: 25, Abs: 70}.Eval(ring, holmes.Sample{Value: v})
		require.Equal(t, v == 0, fires, "%v: only nothing is 25 %% above nothing", v)
		_, fires = holmes.Threshold{Diff: 25, Abs: 70, Margin: 10}.Eval(ring, holmes.Sample{Value: v})
		require.False(t, fires, "%v", v)
	}
}
