package holmes_test

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

// One tick makes at most 8 system calls, counted by strace: the difference
// between a process that ticks and one that ticks much. Signals that are off by
// default add none.
func TestTickSystemCalls(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		skip(t, "strace is not installed: system calls are not counted")
	}
	perTick := callsPerTick(t, strace, "")
	t.Logf("%.2f system calls a tick", perTick)
	require.LessOrEqual(t, perTick, 8.0)
	require.Greater(t, perTick, 1.0, "or nothing was counted")
	require.LessOrEqual(t, callsPerTick(t, strace, "all"), perTick+0.5) // the runtime makes some of its own, more or less
}

func callsPerTick(t *testing.T, strace, signals string) float64 {
	t.Helper()
	const few, many = 100, 1100
	a, okA := countCalls(t, strace, few, signals)
	b, okB := countCalls(t, strace, many, signals)
	if !okA || !okB {
		skip(t, "strace may not trace here: system calls are not counted")
	}
	return float64(b-a) / (many - few)
}

// skip skips where a part is missing; in CI nothing may be.
func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// scheduler are the calls of Go's own threads, which come with time and not
// with ticks.
var scheduler = []string{"futex", "nanosleep", "epoll_pwait", "epoll_pwait2", "sched_yield", "tgkill", "rt_sigreturn", "getpid", "madvise"}

func countCalls(t *testing.T, strace string, ticks int, signals string) (calls int, ok bool) {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), strace, "-f", "-c", "-U", "name,calls", exe, "-test.run=^TestTickSystemCallsChild$")
	cmd.Env = append(os.Environ(), "HOLMES_TEST_TICKS="+strconv.Itoa(ticks), "HOLMES_TEST_SIGNALS="+signals, "GOMAXPROCS=1")
	var table bytes.Buffer
	cmd.Stderr = &table
	if err := cmd.Run(); err != nil {
		t.Logf("%v\n%s", err, &table)
		return 0, false
	}
	for line := range strings.Lines(table.String()) {
		f := strings.Fields(line)
		if len(f) != 2 || f[0] == "total" {
			continue
		}
		n, err := strconv.Atoi(f[1])
		if err != nil || strings.Contains(strings.Join(scheduler, " "), f[0]) {
			continue
		}
		calls += n
	}
	return calls, calls > 0
}

// TestTickSystemCallsChild is the process that strace looks at.
func TestTickSystemCallsChild(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("HOLMES_TEST_TICKS"))
	if err != nil {
		return // it is nothing of its own
	}
	h := neverFires(t)
	if os.Getenv("HOLMES_TEST_SIGNALS") == "all" {
		withAll(h)
	}
	tick, end := holmes.TickOnce(h)
	defer end()
	for range n {
		tick()
	}
}
