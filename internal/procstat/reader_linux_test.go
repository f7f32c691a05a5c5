//go:build !holmes_gopsutil

package procstat

import (
	"go/build"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/testkit"
)

func TestReadingsAllocateNothing(t *testing.T) {
	r := open("/proc/self")
	defer r.Close()
	for _, reading := range readings(r) {
		t.Run(reading.name, func(t *testing.T) {
			require.Zero(t, testing.AllocsPerRun(100, reading.read))
		})
	}
}

func BenchmarkReadings(b *testing.B) {
	r := open("/proc/self")
	defer r.Close()
	for _, reading := range readings(r) {
		b.Run(reading.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				reading.read()
			}
		})
	}
}

type reading struct {
	name string
	read func()
}

// readings are all readings. None of them may fail.
func readings(r *Reader) []reading {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	return []reading{
		{"CPUTime", func() { _, err := r.CPUTime(); must(err) }},
		{"Memory", func() { _, err := r.Memory(); must(err) }},
		{"Threads", func() { _, err := r.Threads(); must(err) }},
		{"HostAvailable", func() { _, err := r.HostAvailable(); must(err) }},
		{"HostMemory", func() { _, err := HostMemory(); must(err) }},
		{"Cores", func() { Cores() }},
	}
}

func TestWithoutProc(t *testing.T) {
	r := open(filepath.Join(t.TempDir(), "proc"))
	cpu := testkit.Must(r.CPUTime())(t)
	require.Positive(t, cpu)

	_, err := r.Memory()
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "holmes: procstat: memory of the process: open ")
	_, err = r.Threads()
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "holmes: procstat: threads: open ")
	require.ErrorIs(t, testkit.Err(r.HostAvailable()), fs.ErrNotExist)
	require.NoError(t, r.Close())
}

func TestClosed(t *testing.T) {
	r := Open()
	require.NoError(t, r.Close())
	require.NoError(t, r.Close())
	require.ErrorIs(t, testkit.Err(r.Memory()), os.ErrClosed)
	require.ErrorIs(t, testkit.Err(r.Threads()), os.ErrClosed)
}

// A directory that is not in /proc has no link for each thread: the number comes from stat then.
func TestThreadsFallsBackToStat(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "task"), 0o700))
	stat := "42 (server) S 1 2 3 0 -1 4194560 2512 0 0 0 10 5 0 0 20 0 17 0 11111 1269 99\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "stat"), []byte(stat), 0o600))

	r := open(dir)
	defer r.Close()
	require.False(t, r.nlink)
	n := testkit.Must(r.Threads())(t)
	require.Equal(t, 17, n)
}

// The two ways to count threads agree. Which one is used depends on the kernel: every Linux so far has the cheap one.
func TestThreadsBothWays(t *testing.T) {
	r := open("/proc/self")
	defer r.Close()
	if !r.nlink {
		t.Skip("the link count of /proc/self/task does not follow the threads here")
	}
	before := testkit.Must(r.taskThreads())(t)
	n := testkit.Must(r.statThreads())(t)
	after := testkit.Must(r.taskThreads())(t)
	require.True(t, before <= n && n <= after, "%d <= %d <= %d", before, n, after) // Go keeps its threads
}

func TestMalformedStatm(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "statm"), []byte("12\n"), 0o600))
	r := open(dir)
	defer r.Close()
	require.ErrorIs(t, testkit.Err(r.Memory()), errStatm)
}

// Cores follows the mask of the thread; the test narrows that of its own, which ends with the test.
func TestCoresFollowsAffinity(t *testing.T) {
	done := make(chan int)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		var all, one [128]uint64
		size := unsafe.Sizeof(all)
		_, _, _ = syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, 0, size, uintptr(unsafe.Pointer(&all)))
		for i, word := range all {
			if word != 0 {
				one[i] = word & -word // the lowest core of the mask
				break
			}
		}
		_, _, _ = syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, size, uintptr(unsafe.Pointer(&one)))
		done <- Cores()
	}()
	require.Equal(t, 1, <-done)
}

func TestNoGopsutilOnLinux(t *testing.T) {
	pkg, err := build.ImportDir(".", 0) // applies the build constraints of this system
	require.NoError(t, err)
	for _, path := range pkg.Imports {
		require.NotContains(t, path, "gopsutil")
	}
	require.Contains(t, pkg.Imports, "syscall")
}

// What other systems run is tested here too: the tests of this package, with gopsutil.
func TestGopsutil(t *testing.T) {
	gotool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the go command is not installed: the reader of other systems is not tested")
	}
	cmd := exec.CommandContext(t.Context(), gotool, "test", "-count=1", "-tags", "holmes_gopsutil", ".")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}
