package main

import (
	"testing"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/bench/internal/usage"
)

// counting returns a series whose values are their indices.
func counting(n int) usage.Series {
	s := usage.Series{Unit: "u", Metric: "cpu", Step: time.Second}
	for i := range n {
		s.Values = append(s.Values, float64(i))
	}
	return s
}

// A bootstrapped series consists of blocks of the recording, and is the same every time.
func TestBootstrap(t *testing.T) {
	s := counting(1320)
	a := bootstrap(s, time.Hour, random("test", "u", 0))
	require.Equal(t, a, bootstrap(s, time.Hour, random("test", "u", 0)))
	require.NotEqual(t, a, bootstrap(s, time.Hour, random("test", "u", 1)))
	require.Len(t, a.Values, 3600)
	breaks := 0
	for i := 1; i < len(a.Values); i++ {
		if int(a.Values[i]) != (int(a.Values[i-1])+1)%1320 {
			breaks++
			require.Zero(t, i%300, "a break within a block")
		}
	}
	require.GreaterOrEqual(t, breaks, 9)
}

// A fault changes the series only within its window, and never beyond 100 %.
func TestFaultOn(t *testing.T) {
	f := fault{"step", "cpu", 30 * time.Second, constant(40)}
	s := usage.Series{Step: time.Second, Values: make([]float64, 100)}
	s.Values[40], s.Values[41] = 90, 120
	s = f.on(s, 35)
	require.Equal(t, []usage.Span{{From: 35, To: 64, Kind: "step"}}, s.Windows)
	require.Equal(t, []float64{0, 40}, s.Values[34:36])
	require.Equal(t, []float64{100, 120}, s.Values[40:42], "no more than all, and never less than before")
	require.Equal(t, []float64{40, 0}, s.Values[64:66])

	leaking := fault{"leak", "mem", time.Hour, rising(0.1)}.on(usage.Series{Step: time.Minute, Values: make([]float64, 70)}, 5)
	require.InDelta(t, 5.9, leaking.Values[64], 1e-9, "0.1 a minute")
	require.Zero(t, leaking.Values[65])
}

func TestLift(t *testing.T) {
	values := []float64{10, 20, 30}
	lift(values, 40)
	require.Equal(t, []float64{30, 40, 50}, values)
}

func TestParseRule(t *testing.T) {
	got, err := parseRule(`{"Window": "10m", "Margin": 12}`, holmes.Threshold{Abs: 70, Margin: 5})
	require.NoError(t, err)
	require.Equal(t, holmes.Threshold{Abs: 70, Margin: 12, Window: 10 * time.Minute}, got)
	_, err = parseRule(`{"Window": "10"}`, holmes.Threshold{})
	require.ErrorContains(t, err, "-rule: Window")
}

// Each bound that does not hold is named.
func TestBounds(t *testing.T) {
	tr := trial{figures: figures{
		"false a day: a reading a second, cpu": 3.01, "false a day: a reading a second, mem": 9,
		"found: " + leak: 0.89, "found: " + leak + atEqual: 0.1,
		"faults hit: pods": 4, "faults hit: pods" + atEqual: 5,
	}}
	err := tr.bounds()
	require.ErrorContains(t, err, "second, cpu: 3.01")
	require.ErrorContains(t, err, "leak of 0.1 % a minute for 6 h: 89 %")
	require.ErrorContains(t, err, "faults hit: pods, mosn/holmes at equal rate: 5")
	require.NotContains(t, err.Error(), "mem")
	require.NoError(t, (&trial{figures: figures{"false a day: a reading a second, cpu": 3, "found: " + leak: 0.9}}).bounds())
}
