package monitor

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
)

const mib = 1 << 20

// forecast judges a reading after memory has grown at a rate.
func forecast(m detect.MemoryReading, rate, abs float64) (code, sentence string) {
	f := detect.MemoryForecast{MemoryReading: m, Rate: rate, Left: detect.TimeLeft(m.Room, rate)}
	why, fires := f.Judge(abs)
	if !fires {
		return "", ""
	}
	s := detect.Sample{Signal: detect.SignalMem, Value: f.Percent(), Limit: float64(m.Limit)}
	return why.Code, event.Trigger{Sample: s, Reason: why}.Sentence()
}

// A forecast needs a reason: time that runs out, a heap that may outgrow the
// limit, a soft limit that is full, or a level that is too high in any case.
func TestForecast(t *testing.T) {
	calm := detect.MemoryReading{
		Used: 100 * mib, Limit: 256 * mib, Room: 156 * mib,
		Live: 40 * mib, Objects: 60 * mib, Goal: 80 * mib, Soft: math.MaxInt64, Total: 90 * mib,
	}
	for _, tt := range []struct {
		name     string
		rate     float64 // MiB a second, twice in a row
		change   func(*detect.MemoryReading)
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
			func(m *detect.MemoryReading) { m.Goal = 230 * mib }, "forecast",
			"memory 39 %: the heap may grow to 230 MiB before the next collection, 14 MiB more than there is room for",
		},
		{
			"the runtime has memory to spare for it", 0,
			func(m *detect.MemoryReading) { m.Goal, m.Spare = 230*mib, 20*mib }, "", "",
		},
		{
			"GOGC=off", 0,
			func(m *detect.MemoryReading) { m.Goal = math.MaxUint64 }, "", "",
		},
		{
			"GOGC=1000, after a collection", 0,
			func(m *detect.MemoryReading) { m.Goal = 440 * mib }, "", "",
		},
		{
			"GOGC=1000, with a heap that grows", 0,
			func(m *detect.MemoryReading) { m.Goal, m.Objects = 440*mib, 120*mib }, "forecast",
			"memory 39 %: the heap may grow to 440 MiB before the next collection, 164 MiB more than there is room for",
		},
		{
			"no time left for a heap profile", 500,
			func(m *detect.MemoryReading) { m.Reserve = 100 * mib }, "forecast",
			"memory 39 %: full in 312ms at 500 MiB/s",
		},
		{
			"no room for the heap beside its profile", 0,
			func(m *detect.MemoryReading) { m.Goal, m.Reserve = 190*mib, 40*mib }, "forecast",
			"memory 39 %: the heap may grow to 190 MiB before the next collection, 14 MiB more than there is room for beside a heap profile",
		},
		{
			"a reserve that is larger than the room", 0,
			func(m *detect.MemoryReading) { m.Reserve = 1000 * mib }, "", "",
		},
		{
			"GOMEMLIMIT is full of live heap", 0,
			func(m *detect.MemoryReading) { m.Soft, m.Live, m.Objects, m.Total = 120*mib, 90*mib, 92*mib, 119*mib }, "forecast",
			"memory 39 %: live heap of 90 MiB fills GOMEMLIMIT of 120 MiB, the collector cannot keep under it",
		},
		{
			"GOMEMLIMIT is full of garbage", 0,
			func(m *detect.MemoryReading) { m.Soft, m.Live, m.Objects, m.Total = 120*mib, 50*mib, 92*mib, 119*mib }, "", "",
		},
		{
			"over the absolute threshold", 0,
			func(m *detect.MemoryReading) { m.Used, m.Room = 210*mib, 46*mib }, "abs",
			"memory 82 %: above 80 %",
		},
		{
			"no limit is known", 5000,
			func(m *detect.MemoryReading) { m.Limit, m.Room = 0, math.MaxUint64 }, "", "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := calm
			if tt.change != nil {
				tt.change(&m)
			}
			code, sentence := forecast(m, tt.rate*mib, 80)
			require.Equal(t, tt.code, code)
			require.Equal(t, tt.sentence, sentence)
		})
	}
}

// One leap is no trend, but a reason to look again soon.
func TestTrendNeedsTwoSpans(t *testing.T) {
	var tr detect.MemoryTrend
	at := func(ms int, used uint64) (left, sooner time.Duration) {
		f, sooner := tr.Add(detect.MemoryReading{At: time.Duration(ms) * time.Millisecond, Used: used * mib, Room: 200 * mib})
		return f.Left, sooner
	}
	at(1000, 50)
	left, sooner := at(2000, 50)
	require.Equal(t, detect.Never, left)
	require.Equal(t, detect.Never, sooner)

	left, sooner = at(2010, 60)
	require.Equal(t, detect.Never, left, "the span before was flat")
	require.Equal(t, 200*time.Millisecond, sooner)
	left, sooner = at(2012, 62)
	require.Equal(t, 200*time.Millisecond, sooner, "too short a span says nothing new")
	require.Equal(t, detect.Never, left)

	left, _ = at(2020, 68)
	require.Equal(t, 250*time.Millisecond, left, "200 MiB at 800 MiB/s: the slower of the two")
	left, sooner = at(2030, 60)
	require.Equal(t, detect.Never, left)
	require.Equal(t, detect.Never, sooner)
}

// A look comes at a quarter of the time that is left, from 10 ms to 1 s.
func TestNextLook(t *testing.T) {
	for left, want := range map[time.Duration]time.Duration{
		0:                      10 * time.Millisecond,
		20 * time.Millisecond:  10 * time.Millisecond,
		400 * time.Millisecond: 100 * time.Millisecond,
		3 * time.Second:        750 * time.Millisecond,
		time.Minute:            time.Second,
		detect.Never:           time.Second,
	} {
		require.Equal(t, want, nextReading(left), left)
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
		require.Equal(t, want, safeFor(room), room)
	}
}
