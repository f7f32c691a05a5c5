package blackbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/blackbox"
	"github.com/go-holmes/holmes/internal/testkit"
)

const mib = 1 << 20

// The last minute of a process that leaked 200 MiB/s to 97 % of its limit,
// after nine calm ones.
func TestSummary(t *testing.T) {
	b := blackbox.New(blackbox.Config{})
	begin := time.Now()
	at := func(second int) time.Time { return begin.Add(time.Duration(second) * time.Second) }
	b.Event(at(0), "old", "long ago")
	for n := range 600 {
		s := blackbox.Sample{CPU: 10, Memory: 1000 * mib, MemoryLimit: 13_200 * mib, Goroutines: 7}
		if leak := n - 540; leak > 0 {
			s.CPU, s.Memory = 50, uint64(1000+200*leak)*mib
		}
		if n == 570 {
			s.CPU = 80
		}
		if n == 580 {
			s.Memory = 0 // could not be read
		}
		b.Sample(at(n), &s)
	}
	b.State(at(590), "mem suspected")
	b.Event(at(595), "20260102-mem", "memory 90 %")
	c := testkit.Must(b.Contents())(t)

	s := c.Summary(59 * time.Second)
	require.True(t, s.At.Equal(at(595)), "in the order of writing")
	require.True(t, s.SampleAt.Equal(at(599)))
	require.Equal(t, uint64(12_800*mib), s.Sample.Memory)
	require.EqualValues(t, 7, s.Sample.Goroutines)
	require.InDelta(t, 97, s.MemoryShare(), 0.1)
	require.Equal(t, 60, s.Samples)
	require.Equal(t, 59*time.Second, s.Over)
	require.InDelta(t, 200*mib, s.MemorySlope, 0.01*mib)
	require.EqualValues(t, 80, s.MaxCPU)
	require.Equal(t, uint64(12_800*mib), s.MaxMemory)
	require.Equal(t, "20260102-mem", s.EventID)
	require.Equal(t, "memory 90 %", s.EventText)
	require.True(t, s.EventAt.Equal(at(595)))
	require.Equal(t, "mem suspected", s.State)
	require.True(t, s.StateAt.Equal(at(590)))

	require.InDelta(t, 0, c.Summary(0).MemorySlope, 0)
	require.Equal(t, 1, c.Summary(0).Samples)
	require.Less(t, c.Summary(time.Hour).MemorySlope, 100.0*mib, "the calm minutes weigh it down")
}

func TestSummaryOfLittle(t *testing.T) {
	b := blackbox.New(blackbox.Config{})
	c := testkit.Must(b.Contents())(t)
	require.Zero(t, c.Summary(time.Minute))

	now := time.Now()
	b.Event(now, "id", "alone")
	c = testkit.Must(b.Contents())(t)
	s := c.Summary(time.Minute)
	require.Equal(t, "id", s.EventID)
	require.Zero(t, s.Samples)
	require.Zero(t, s.MemoryShare())

	// Two readings at one time make no slope.
	reading := blackbox.Sample{Memory: mib}
	b.Sample(now, &reading)
	reading.Memory = 2 * mib
	b.Sample(now, &reading)
	c = testkit.Must(b.Contents())(t)
	require.Zero(t, c.Summary(time.Minute).MemorySlope)
	require.Equal(t, 2, c.Summary(time.Minute).Samples)
}
