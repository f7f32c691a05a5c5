package holmes_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// An idle holmes holds at most 4 MiB: the difference between processes with and
// without it, in what the runtime has from the system and has not given back.
func TestIdleMemoryIsSmall(t *testing.T) {
	testkit.Parallel(t)
	var extra []int
	for range testkit.Heavy(5, 3) {
		extra = append(extra, childMemory(t, "with")-childMemory(t, "without"))
	}
	slices.Sort(extra)
	t.Logf("KiB more, sorted: %v", extra)
	// On a busy machine a thread more or less is what differs, so that the usual run
	// looks at the least; the run of the promises is for a quiet one.
	require.LessOrEqual(t, extra[testkit.Heavy(len(extra)/2, 0)], 4<<10, "KiB, of %v", extra)
}

func childMemory(t *testing.T, mode string) (kib int) {
	t.Helper()
	exe := testkit.Must(os.Executable())(t)
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestIdleMemoryChild$")
	cmd.Env = append(os.Environ(), "HOLMES_TEST_IDLE="+mode)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for line := range strings.Lines(string(out)) {
		if n, found := strings.CutPrefix(strings.TrimSpace(line), "kib="); found {
			kib = testkit.Must(strconv.Atoi(n))(t)
			return kib
		}
	}
	t.Fatalf("the child said nothing of its memory:\n%s", out)
	return 0
}

// TestIdleMemoryChild is the process that is measured.
func TestIdleMemoryChild(t *testing.T) {
	mode := os.Getenv("HOLMES_TEST_IDLE")
	if mode == "" {
		return // it is nothing of its own
	}
	if mode == "with" {
		// Many ticks under the race detector take what looks like a rise of CPU,
		// and a suspicion holds its profile: that is not idle.
		h := started(t, holmes.WithDumpPath(t.TempDir()), holmes.WithLogger(nil),
			holmes.WithCollectInterval("10ms"), holmes.WithCPUDump(100, 100, 100, time.Minute))
		require.Eventually(t, func() bool { return h.Stats().Ticks > 50 }, time.Minute, 10*time.Millisecond)
		for _, s := range h.Stats().Signals {
			require.Zero(t, s.Suspected, s.Signal)
		}
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Printf("kib=%d\n", (m.Sys-m.HeapReleased)>>10)
}
