package measure_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/realgroup"
	"github.com/go-holmes/holmes/internal/supervise"
	"github.com/go-holmes/holmes/internal/testkit"
)

const (
	childEnv = "HOLMES_MEASURE_CHILD"
	spaceEnv = "HOLMES_MEASURE_SPACE" // by how many MiB the address space may grow
	procEnv  = "HOLMES_MEASURE_PROC"  // what is mounted at /proc: type and options
)

// A state is what the meter of a child tells: by the limits of the system, and with the
// option for the limit of a GiB.
type state struct {
	Limits     measure.Limits
	Mem, Own   float64 // percent
	Heap, Live float64 // percent, MiB
	Room       uint64
	Resident   uint64
}

var kept [][]byte

// child does what it is told, and tells what its meter reads.
func child(root string) error {
	if root != "child" { // a group to join
		if err := realgroup.Join(root); err != nil {
			return err
		}
	}
	if err := limitSpace(os.Getenv(spaceEnv)); err != nil {
		return err
	}
	if kind, options, hidden := strings.Cut(os.Getenv(procEnv), " "); hidden {
		if err := syscall.Mount(kind, "/proc", kind, 0, options); err != nil {
			return err
		}
	}
	meter := measure.New(measure.OpenReaders(supervise.NewLog(supervise.SystemClock())))
	defer meter.Close()
	out := json.NewEncoder(os.Stdout)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var what, file string
		var n int
		_, _ = fmt.Sscan(lines.Text(), &what, &n, &file)
		if err := do(what, n, file); err != nil {
			return err
		}
		if err := out.Encode(read(meter)); err != nil {
			return err
		}
	}
	return nil
}

func do(what string, n int, file string) error {
	switch what {
	case "hold", "ballast":
		m := make([]byte, n*mib)
		for i := 0; i < len(m) && what == "hold"; i += 4096 {
			m[i] = 1
		}
		kept = append(kept, m)
	case "map":
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		m, err := syscall.Mmap(int(f.Fd()), 0, n*mib, syscall.PROT_READ, syscall.MAP_SHARED)
		if err != nil {
			return err
		}
		sum := byte(0)
		for i := 0; i < len(m); i += 4096 {
			sum += m[i]
		}
		kept = append(kept, []byte{sum})
	case "procs":
		runtime.GOMAXPROCS(n)
	}
	return nil
}

// limitSpace lets the address space grow by so many MiB.
func limitSpace(more string) error {
	n, _ := strconv.Atoi(more)
	text, err := os.ReadFile("/proc/self/statm")
	if n == 0 || err != nil {
		return err
	}
	var pages uint64
	_, _ = fmt.Sscan(string(text), &pages)
	limit := pages*uint64(os.Getpagesize()) + uint64(n)*mib
	return syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: limit, Max: limit})
}

// ticks are so many that every file of the groups has been read.
const ticks = 40

func read(m *measure.Meter) (s state) {
	debug.FreeOSMemory()
	config, own := measure.Config{CGroup: true}, measure.Config{CGroup: true, MemoryLimit: 1024 * mib}
	for i := range ticks {
		m.Refresh(time.Duration(i+1)*time.Second, &config)
	}
	s.Limits = m.Limits(&config)
	s.Mem, _, _ = m.MemPercent(&config)
	s.Own, _, _ = m.MemPercent(&own)
	s.Heap, _, _ = m.HeapPercent(&own)
	r, room := m.Readings(&config)
	s.Room, s.Resident, s.Live = room/mib, r.RSS/mib, float64(r.HeapLive)/mib
	return s
}

type reader struct{ *testkit.Child }

// begin starts a child, in a group if it is not "child".
func begin(t *testing.T, group string, env ...string) reader {
	t.Helper()
	return start(t, testkit.Command(t, append(env, childEnv+"="+group)...))
}

func start(t *testing.T, c *testkit.Child) reader {
	t.Helper()
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		_ = c.Stdin.Close()
		_ = c.Wait() // the end of the test's context kills it
	})
	return reader{c}
}

func (r reader) tell(t *testing.T, format string, args ...any) (s state) {
	t.Helper()
	_, err := fmt.Fprintf(r.Stdin, format+"\n", args...)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal([]byte(r.Line(t)), &s))
	return s
}

// A process that may run on one core of two has one, whatever GOMAXPROCS says, and one
// with GOMAXPROCS=1 has one of all.
func TestRealCores(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("this machine has one core: nothing can be less")
	}
	unbound := begin(t, "child", "GOMAXPROCS="+strconv.Itoa(runtime.NumCPU()))
	require.Greater(t, unbound.tell(t, "read").Limits.CPU.Value, 1.0)
	require.Equal(t, measure.Limit{Value: 1, From: "GOMAXPROCS"}, unbound.tell(t, "procs 1").Limits.CPU)

	runtime.LockOSThread() // a child has the affinity of the thread that starts it
	defer runtime.UnlockOSThread()
	var all, one [1024 / 64]uint64
	affinity := func(call uintptr, mask *[1024 / 64]uint64) syscall.Errno {
		_, _, errno := syscall.RawSyscall(call, 0, unsafe.Sizeof(*mask), uintptr(unsafe.Pointer(mask)))
		return errno
	}
	require.Zero(t, affinity(syscall.SYS_SCHED_GETAFFINITY, &all))
	for i, word := range all {
		if one[i] = word & -word; word != 0 { // the lowest core of the mask
			break
		}
	}
	require.Zero(t, affinity(syscall.SYS_SCHED_SETAFFINITY, &one))
	c := begin(t, "child", "GOMAXPROCS=8")
	require.Zero(t, affinity(syscall.SYS_SCHED_SETAFFINITY, &all))
	require.Equal(t, measure.Limit{Value: 1, From: "affinity mask"}, c.tell(t, "read").Limits.CPU)
}

// Pages of a file that is mapped and a heap that is not touched are no memory in use,
// neither by the group nor by the process: both tell the same.
func TestRealMemory(t *testing.T) {
	file := filepath.Join(testkit.DiskDir(t), "data.db") // pages of a file in memory are in use
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	const size = 256 // MiB, a quarter of the limit
	require.NoError(t, os.Truncate(file, size*mib))
	h, err := realgroup.Find("memory")
	group := "child"
	if err == nil {
		group = testkit.Must(h.Make())(t)
		t.Cleanup(func() { require.NoError(t, realgroup.Remove(group)) })
		require.NoError(t, h.LimitMemory(group, 1024*mib))
	} else {
		t.Logf("without a group: %v", err)
	}
	const slack = 4 // percent: the runtime's own, and what the kernel counts in batches
	same := func(s state) {
		t.Helper()
		if group != "child" {
			require.InDelta(t, 1024*mib, s.Limits.Memory.Value, 0)
			require.Contains(t, s.Limits.Memory.From, " of the cgroup /")
			require.InDelta(t, s.Own, s.Mem, slack)
			require.InDelta(t, 1024*(1-s.Mem/100), float64(s.Room), 1)
		}
	}
	c := begin(t, group)
	before := c.tell(t, "read")
	same(before)

	mapped := c.tell(t, "map %d %s", size, file)
	same(mapped)
	require.InDelta(t, size, float64(mapped.Resident)-float64(before.Resident), size/8, "it is resident")
	require.InDelta(t, before.Own, mapped.Own, slack)

	held := c.tell(t, "hold %d", size)
	same(held)
	require.Greater(t, held.Own, mapped.Own+25-slack, "the race detector takes as much again")
	require.InDelta(t, 25, held.Heap, slack)

	ballast := c.tell(t, "ballast %d", 2*size)
	same(ballast)
	require.InDelta(t, held.Live+2*size, ballast.Live, size/8, "it lives")
	require.InDelta(t, held.Own, ballast.Own, slack)
	require.LessOrEqual(t, ballast.Heap, held.Own+slack)
}

// A process whose address space is limited cannot have more, whatever the machine has:
// the runtime ends it.
func TestRealAddressSpace(t *testing.T) {
	const more = 512 // MiB
	// C's malloc, which the race detector has, reserves 128 MiB for a thread of its own.
	c := begin(t, "child", spaceEnv+"="+strconv.Itoa(more), "MALLOC_ARENA_MAX=1")
	s := c.tell(t, "read")
	require.Equal(t, "RLIMIT_AS", s.Limits.Memory.From)
	require.InDelta(t, more, float64(s.Room), more/4)
	require.InDelta(t, float64(s.Room), s.Limits.Memory.Value/mib*(1-s.Mem/100), 1)
}

// What a system hides below /proc costs the readings from there, and no others.
func TestRealHiddenProc(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounts need root: /proc is not hidden")
	}
	for name, tt := range map[string]struct {
		mount string
		own   bool // the memory of the process can be read
	}{
		"ProcSubset=pid":        {"proc subset=pid", true},
		"ProtectProc=invisible": {"proc hidepid=invisible", true},
		"no /proc":              {"tmpfs size=4k", false},
	} {
		t.Run(name, func(t *testing.T) {
			c := testkit.Command(t, childEnv+"=child", procEnv+"="+tt.mount)
			c.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
			r := start(t, c)
			r.tell(t, "hold 256")
			s := r.tell(t, "ballast 0")
			require.Equal(t, tt.own, s.Own > 20)
			require.InDelta(t, 25, s.Heap, 4, "of a GiB")
			require.Positive(t, s.Limits.CPU.Value)
			require.Positive(t, s.Limits.Memory.Value)
		})
	}
}
