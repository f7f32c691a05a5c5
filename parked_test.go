package holmes_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

// A process with 100 000 parked goroutines: their event stops the world for at
// most a millisecond more than the process does by itself, and allocates no
// more than was predicted. It runs in a program of its own, since the race
// detector has no room for so many. The usual run has fewer goroutines, and does
// not judge how long the world was stopped: that takes a quiet machine.
func TestPromise16ManyGoroutines(t *testing.T) {
	n, runs := heavy(100_000, 10_000), heavy(5, 1)
	depths := []string{"20"} // calls in the stack of each, which is what costs
	if isHeavy() {
		depths = append(depths, "3", "40")
	}
	exe := filepath.Join(t.TempDir(), "parked")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", exe, "./scripts/parked")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	for _, depth := range depths {
		t.Run("depth "+depth, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), exe, "-n", strconv.Itoa(n), "-depth", depth, "-runs", strconv.Itoa(runs))
			cmd.Stderr = t.Output()
			out, err := cmd.Output()
			require.NoError(t, err, "%s", out)
			var r struct {
				Goroutines            int
				StoppedAlone, Stopped float64
				Allocated, Predicted  uint64
				CPU                   time.Duration
				State                 holmes.State
				Profile, Sentence     string
			}
			require.NoError(t, json.Unmarshal(out, &r))
			t.Logf("%s", out)
			require.GreaterOrEqual(t, r.Goroutines, n)
			require.Equal(t, holmes.StateConfirmed, r.State)
			require.Equal(t, "goroutine.pb.gz", r.Profile)
			if isHeavy() {
				require.LessOrEqual(t, r.Stopped-r.StoppedAlone, 1000.0, "microseconds")
			}
			require.LessOrEqual(t, r.Allocated, r.Predicted)
		})
	}
}
