package pproftrim_test

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/reporters/internal/pproftrim"
)

// allocated returns how many bytes a function allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A profile is looked at without being held.
func TestScanHoldsNothing(t *testing.T) {
	raw := encode(t, heap(5_000))
	whole := uint64(len(plain(t, raw)))
	took := allocated(func() {
		_, err := pproftrim.Scan(bytes.NewReader(raw))
		require.NoError(t, err)
	})
	require.Less(t, took, whole/10)
}

// The memory for trimming a profile is a small multiple of its size.
func TestFitHoldsLittle(t *testing.T) {
	raw := encode(t, heap(10_000))
	whole := uint64(len(plain(t, raw)))
	took := allocated(func() {
		_, err := trim(raw, pproftrim.Limits{Samples: 1000})
		require.NoError(t, err)
	})
	t.Logf("%d bytes for a profile of %d", took, whole)
	require.Less(t, took, 8*whole, "in all, never at once")
}

func BenchmarkFit(b *testing.B) {
	raw := encode(b, heap(20_000))
	b.ReportAllocs()
	for b.Loop() {
		_, err := trim(raw, pproftrim.Limits{Samples: 1000})
		require.NoError(b, err)
	}
}
