package blackbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/blackbox"
)

func TestRecordingAllocatesNothing(t *testing.T) {
	for _, m := range append(media(), blackbox.Memory) {
		t.Run(m.String(), func(t *testing.T) {
			b := open(t, t.TempDir(), "run", blackbox.Config{Medium: m})
			now := time.Now()
			s := sample(1)
			require.Zero(t, testing.AllocsPerRun(1000, func() {
				b.Sample(now, &s)
				b.State(now, "mem suspected")
				b.Event(now, "20260102T150405.000000000Z-cpu-7f3a", "CPU 61 %")
			}))
			require.NoError(t, b.Err())
		})
	}
}

// Memory is what all of them do; mapped adds the guard against faults, written
// the call that wakes the writer.
func BenchmarkSample(b *testing.B) {
	for _, m := range append(media(), blackbox.Memory) {
		b.Run(m.String(), func(b *testing.B) {
			box := open(b, b.TempDir(), "bench", blackbox.Config{Medium: m})
			b.ReportAllocs()
			now := time.Now()
			s := sample(1)
			for b.Loop() {
				box.Sample(now, &s)
			}
			require.NoError(b, box.Err())
		})
	}
}

func BenchmarkEvent(b *testing.B) {
	box := blackbox.New(blackbox.Config{})
	b.ReportAllocs()
	now := time.Now()
	for b.Loop() {
		box.Event(now, "20260102T150405.000000000Z-cpu-7f3a", "suspected: CPU 61 %")
	}
}
