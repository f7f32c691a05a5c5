package judge_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/bench/internal/judge"
	"github.com/go-holmes/holmes/bench/internal/usage"
)

// day has minutes with two faults, excused samples after each, and a stretch that
// does not count.
func day() usage.Series {
	return usage.Series{
		Unit: "pod", Metric: "cpu", Step: time.Minute, Values: make([]float64, 1440),
		Windows: []usage.Span{{From: 100, To: 199}, {From: 400, To: 409}},
		Masked:  []usage.Span{{From: 1000, To: 1009}},
	}
}

func TestCount(t *testing.T) {
	var s judge.Score
	s.Count(day(), []int{99, 110, 120, 199, 211, 212, 1005, 1010})
	require.Equal(t, 2, s.Windows)
	require.Equal(t, 1, s.Hit, "the second capture in a fault is no second hit")
	require.Equal(t, 3, s.False, "99, 212 and 1010")
	require.InDelta(t, (1440-112-22-10)/1440.0, s.Days, 1e-9)
	delay, ok := s.Delay()
	require.True(t, ok)
	require.Equal(t, 10*time.Minute, delay)
	require.InDelta(t, 3/s.Days, s.Rate(), 1e-9)
}
