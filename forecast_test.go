package holmes_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

const mib = 1 << 20

// A forecast needs a reason: time that runs out, a heap that may outgrow the
// limit, a soft limit that is full, or a level that is too high in any case.
func TestForecast(t *testing.T) {
	calm := holmes.MemoryReading{
		Used: 100 * mib, Limit: 256 * mib, Room: 156 * mib,
		Live: 40 * mib, Objects: 60 * mib, Goal: 80 * mib, Soft: math.MaxInt64, Total: 90 * mib,
	}
	for _, tt := range []struct {
		name     string
		rate     float64 // MiB a second, twice in a row
		change   func(*holmes.MemoryReading)
		code     string
		sentence string
	}{
		{"calm", 0, nil, "", ""},
		{"falls", -500, nil, "", ""},
		{"grows with time left", 500, nil, "", ""},
		{
			"grows with no time left", 700, nil, "forecast",
			"memory 39 %: full in 223ms at 700 MiB/s",
		},
		{
			"the next collection comes too late", 0,
			func(m *holmes.MemoryReading) { m.Goal = 230 * mib }, "forecast",
			"memory 39 %: the heap may grow to 230 MiB before the next collection, 14 MiB more than there is room for",
		},
		{
			"the runtime has memory to spare for it", 0,
			func(m *holmes.MemoryReading) { m.Goal, m.Spare = 230*mib, 20*mib }, "", "",
		},
		{
			"GOMEMLIMIT is full of live heap", 0,
			func(m *holmes.MemoryReading) { m.Soft, m.Live, m.Objects, m.Total = 120*mib, 90*mib, 92*mib, 119*mib }, "forecast",
			"memory 39 %: live heap of 90 MiB fills GOMEMLIMIT of 120 MiB, the collector cannot keep under it",
		},
		{
			"GOMEMLIMIT is full of garbage", 0,
			func(m *holmes.MemoryReading) { m.Soft, m.Live, m.Objects, m.Total = 120*mib, 50*mib, 92*mib, 119*mib }, "", "",
		},
		{
			"over the absolute threshold", 0,
			func(m *holmes.MemoryReading) { m.Used, m.Room = 210*mib, 46*mib }, "abs",
			"memory 82 %: above 80 %",
		},
		{
			"no limit is known", 5000,
			func(m *holmes.MemoryReading) { m.Limit, m.Room = 0, math.MaxUint64 }, "", "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := calm
			if tt.change != nil {
				tt.change(&m)
			}
			code, sentence := holmes.Forecast(m, tt.rate*mib, 80)
			require.Equal(t, tt.code, code)
			require.Equal(t, tt.sentence, sentence)
		})
	}
}

// One leap is no trend, but a reason to look again soon.
func TestTrendNeedsTwoSpans(t *testing.T) {
	var tr holmes.Trend
	at := func(ms int, used uint64) (left, sooner time.Duration) {
		return tr.Add(time.Duration(ms)*time.Millisecond, used*mib, 200*mib)
	}
	at(1000, 50)
	left, sooner := at(2000, 50)
	require.Equal(t, holmes.Never, left)
	require.Equal(t, holmes.Never, sooner)

	left, sooner = at(2010, 60)
	require.Equal(t, holmes.Never, left, "the span before was flat")
	require.Equal(t, 200*time.Millisecond, sooner)
	left, sooner = at(2012, 62)
	require.Equal(t, 200*time.Millisecond, sooner, "too short a span says nothing new")
	require.Equal(t, holmes.Never, left)

	left, _ = at(2020, 68)
	require.Equal(t, 250*time.Millisecond, left, "200 MiB at 800 MiB/s: the slower of the two")
	left, sooner = at(2030, 60)
	require.Equal(t, holmes.Never, left)
	require.Equal(t, holmes.Never, sooner)
}

// A look comes at a quarter of the time that is left, from 10 ms to 1 s.
func TestNextLook(t *testing.T) {
	for left, want := range map[time.Duration]time.Duration{
		0:                      10 * time.Millisecond,
		20 * time.Millisecond:  10 * time.Millisecond,
		400 * time.Millisecond: 100 * time.Millisecond,
		3 * time.Second:        750 * time.Millisecond,
		time.Minute:            time.Second,
		holmes.Never:           time.Second,
	} {
		require.Equal(t, want, holmes.NextLook(left), left)
	}
}

// A room that nothing can fill in a moment is not looked at after each
// collection.
func TestSafeFor(t *testing.T) {
	for room, want := range map[uint64]time.Duration{
		0:              0,
		256 * mib:      3906250 * time.Nanosecond,
		16 << 30:       250 * time.Millisecond,
		80 << 30:       time.Second,
		math.MaxUint64: time.Second,
	} {
		require.Equal(t, want, holmes.SafeFor(room), room)
	}
}
