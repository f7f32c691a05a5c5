package procstat_test

import (
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v3/mem"
	"github.com/shirou/gopsutil/v3/process"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/procstat"
	"github.com/go-holmes/holmes/internal/testkit"
)

func open(t testing.TB) *procstat.Reader {
	t.Helper()
	r := procstat.Open()
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// oracle is gopsutil's view of this process.
func oracle(t testing.TB) *process.Process {
	t.Helper()
	p := testkit.Must(process.NewProcess(int32(os.Getpid())))(t)
	return p
}

// CPU time only grows: the reading between two of the oracle's lies between them, but for the oracle's rounding to the
// kernel's clock ticks of at most 10 ms.
func TestCPUTimeAgreesWithOracle(t *testing.T) {
	r, p := open(t), oracle(t)
	seconds := func() float64 {
		times := testkit.Must(p.Times())(t)
		return times.User + times.System
	}
	const tick = 0.01

	before := seconds()
	got := testkit.Must(r.CPUTime())(t)
	after := seconds()

	require.GreaterOrEqual(t, got.Seconds(), before-2*tick)
	require.LessOrEqual(t, got.Seconds(), after+2*tick)
}

func TestCPUTimeGrowsWithWork(t *testing.T) {
	r := open(t)
	first := testkit.Must(r.CPUTime())(t)

	// The loop ends by the figure under test: if it did not grow, the test would not end.
	for now := first; now < first+20*time.Millisecond; {
		now = testkit.Must(r.CPUTime())(t)
	}
}

func TestMemorySeesTouchedBlock(t *testing.T) {
	const block = 64 << 20
	r, p := open(t), oracle(t)
	debug.FreeOSMemory() // or the block would reuse resident garbage, and add nothing
	before := testkit.Must(r.Memory())(t)

	held := make([]byte, block)
	for i := 0; i < len(held); i += os.Getpagesize() {
		held[i] = 1
	}
	after := testkit.Must(r.Memory())(t)
	info := testkit.Must(p.MemoryInfo())(t)
	runtime.KeepAlive(held)

	// The runtime may give other memory back meanwhile; a collection of this small heap moves some MiB at most. There is
	// no bound above but the oracle: the race detector shadows what is touched.
	const slack = 16 << 20
	require.GreaterOrEqual(t, after.Resident+slack, before.Resident+block)
	require.GreaterOrEqual(t, after.Used+slack, before.Used+block)
	require.InDelta(t, float64(info.RSS), float64(after.Resident), slack)
}

func TestThreadsFollowsLockedThreads(t *testing.T) {
	const extra = 20
	r, p := open(t), oracle(t)
	before := testkit.Must(r.Threads())(t)

	release, done, ready := make(chan struct{}), make(chan struct{}), make(chan struct{})
	for range extra {
		go func() {
			runtime.LockOSThread() // each of these goroutines has a thread of its own until it ends
			defer func() { runtime.UnlockOSThread(); done <- struct{}{} }()
			ready <- struct{}{}
			<-release
		}()
	}
	for range extra {
		<-ready
	}
	low := testkit.Must(p.NumThreads())(t)
	during := testkit.Must(r.Threads())(t)
	high := testkit.Must(p.NumThreads())(t)
	close(release)
	for range extra {
		<-done
	}

	require.GreaterOrEqual(t, during, extra)
	require.GreaterOrEqual(t, during, before)
	require.GreaterOrEqual(t, during, int(low)) // Go does not end threads that are not locked
	require.LessOrEqual(t, during, int(high))
}

func TestHostMemoryAgreesWithOracle(t *testing.T) {
	got := testkit.Must(procstat.HostMemory())(t)
	want := testkit.Must(mem.VirtualMemory())(t)
	require.InDelta(t, float64(want.Total), float64(got), float64(want.Total)/100)
}

func TestHostAvailableAgreesWithOracle(t *testing.T) {
	r := open(t)
	got := testkit.Must(r.HostAvailable())(t)
	want := testkit.Must(mem.VirtualMemory())(t)
	require.InDelta(t, float64(want.Available), float64(got), float64(want.Total)/10)
}

func TestCores(t *testing.T) {
	require.Positive(t, procstat.Cores())
	require.LessOrEqual(t, procstat.Cores(), runtime.NumCPU())
}
