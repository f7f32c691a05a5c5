package holmes_test

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

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
	calls := callsOfTicks(t, strace, "")
	t.Logf("in %d ticks: %v", perCall, calls)
	all := 0
	for _, n := range calls {
		all += n
	}
	require.LessOrEqual(t, all, 8*perCall)
	require.Greater(t, all, perCall, "or nothing was counted")
	require.Equal(t, calls, callsOfTicks(t, strace, "all"))
}

// perCall is the number of ticks in which a call of theirs is made at least once. What is
// rarer is of the process.
const perCall = 16

// callsOfTicks returns how often perCall ticks make each system call.
func callsOfTicks(t *testing.T, strace, signals string) map[string]int {
	t.Helper()
	const few, many = 160, 1760
	a, okA := countCalls(t, strace, few, signals)
	b, okB := countCalls(t, strace, many, signals)
	if !okA || !okB {
		skip(t, "strace may not trace here: system calls are not counted")
	}
	calls := map[string]int{}
	for name, n := range b {
		if of := math.Round(float64(n-a[name]) * perCall / (many - few)); of != 0 {
			calls[name] = int(of)
		}
	}
	return calls
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
var scheduler = []string{"futex", "nanosleep", "epoll_pwait", "epoll_pwait2", "sched_yield"}

func countCalls(t *testing.T, strace string, ticks int, signals string) (calls map[string]int, ok bool) {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), strace, "-f", "-c", "-U", "name,calls", exe, "-test.run=^TestTickSystemCallsChild$")
	cmd.Env = append(os.Environ(), "HOLMES_TEST_TICKS="+strconv.Itoa(ticks), "HOLMES_TEST_SIGNALS="+signals,
		"GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1") // collections and preemptions make calls of their own
	var table bytes.Buffer
	cmd.Stderr = &table
	if err := cmd.Run(); err != nil {
		t.Logf("%v\n%s", err, &table)
		return nil, false
	}
	calls = map[string]int{}
	for line := range strings.Lines(table.String()) {
		f := strings.Fields(line)
		if len(f) != 2 || f[0] == "total" || slices.Contains(scheduler, f[0]) {
			continue
		}
		if n, err := strconv.Atoi(f[1]); err == nil {
			calls[f[0]] = n
		}
	}
	return calls, len(calls) > 0
}

// TestTickSystemCallsChild is the process that strace looks at. Its ticks are a second
// apart by their own clock, whatever the speed of the machine, and that signals are calm is
// written to no disk.
func TestTickSystemCallsChild(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("HOLMES_TEST_TICKS"))
	if err != nil {
		return // it is nothing of its own
	}
	h := neverFires(t, holmes.WithMemoryOnly(true))
	if os.Getenv("HOLMES_TEST_SIGNALS") == "all" {
		withAll(h)
	}
	tick, end := holmes.TickAt(h)
	defer end()
	for i := range n {
		tick(time.Duration(i) * time.Second)
	}
}
