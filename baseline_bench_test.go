package holmes_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/procstat"
	"github.com/go-holmes/holmes/internal/testkit"
)

// BenchmarkBaseline measures what rounds cost a process with 500 goroutines, 30
// calls deep, and the allocation sites of all tests: its CPU time with a round
// less that of as long a time without. cpu-ms/round is all of it, told-ms/round
// what holmes itself believes and bounds.
func BenchmarkBaseline(b *testing.B) {
	release := make(chan struct{})
	defer close(release)
	for range 500 {
		go park(30, release)
	}
	go func() { // half a core's work, the same in each second
		sum := 0
		defer func() { _ = sum }()
		pace := time.NewTicker(10 * time.Millisecond)
		defer pace.Stop()
		for {
			select {
			case <-pace.C:
				sum ^= deep(30)
			case <-release:
				return
			}
		}
	}()
	h := testkit.Must(holmes.New(holmes.WithDumpPath(b.TempDir()), holmes.WithBaseline(0)))(b)
	require.NoError(b, h.Start())
	defer h.Stop()
	proc := procstat.Open()
	defer proc.Close()
	cpu := func(do func()) time.Duration {
		before := testkit.Must(proc.CPUTime())(b)
		do()
		after := testkit.Must(proc.CPUTime())(b)
		return after - before
	}
	var with, without, told time.Duration
	cpu(func() { <-time.After(holmes.BaselineFirst) })
	for b.Loop() {
		without += cpu(func() { <-time.After(time.Second) })
		with += cpu(func() { told += holmes.BaselineRound(h) })
	}
	b.ReportMetric(float64((with-without).Microseconds())/1000/float64(b.N), "cpu-ms/round")
	b.ReportMetric(float64(told.Microseconds())/1000/float64(b.N), "told-ms/round")
}

//go:noinline
func deep(depth int) (sum int) {
	if depth > 0 {
		return deep(depth-1) + 1
	}
	for i := range 5_000_000 {
		sum ^= i
	}
	return sum
}
