package holmes_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// A process with 100 000 parked goroutines: their event stops the world for at
// most a millisecond more than the process does by itself, and allocates no
// more than was predicted. It runs in a program of its own, since the race
// detector has no room for so many. The usual run has fewer goroutines, and does
// not judge how long the world was stopped: that takes a quiet machine.
func TestManyGoroutinesAreHardlyStopped(t *testing.T) {
	testkit.Parallel(t)
	n, runs := testkit.Heavy(100_000, 3_000), testkit.Heavy(5, 1)
	depths := []string{"20"} // calls in the stack of each, which is what costs
	if testkit.IsHeavy() {
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
			if testkit.IsHeavy() {
				require.LessOrEqual(t, r.Stopped-r.StoppedAlone, 1000.0, "microseconds")
			}
			require.LessOrEqual(t, r.Allocated, r.Predicted)
		})
	}
}

// A goroutine profile above the budget is replaced by counts, with the reason.
func TestGoroutineProfileTooCostly(t *testing.T) {
	for name, budget := range map[string]holmes.Option{
		"time":   holmes.WithCaptureBudget(time.Nanosecond*50_000, 1<<30),
		"memory": holmes.WithCaptureBudget(time.Minute, 2<<20),
	} {
		testkit.Bubble(t, name, func(t *testing.T) {
			release := make(chan struct{})
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() { park(3, release) })
			}
			defer wg.Wait()
			defer close(release)
			synctest.Wait() // until they are parked
			l := newLab(t, budget).run(t)
			e := testkit.Must(l.CaptureNow(t.Context(), holmes.KindGoroutine))(t)
			require.ErrorIs(t, e.Profiles[0].Err, holmes.ErrTooCostly)
			require.ErrorContains(t, e.Profiles[0].Err, "WithCaptureBudget allows")
			require.NotNil(t, e.Readings.GoroutineStates)
			require.GreaterOrEqual(t, e.Readings.GoroutineStates.Waiting, uint64(20))
			require.Positive(t, e.Readings.GoroutineStates.Created)
			if name == "memory" {
				require.Contains(t, e.Profiles[0].Note, "MiB of memory")
			} else {
				require.Contains(t, e.Profiles[0].Note, "of CPU time")
			}
		})
	}
}

// Counts name the functions that goroutines were started with, in the event and
// in its summary.
func TestGoroutineSites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var wg sync.WaitGroup
		wg.Add(300)
		for range 300 {
			go parked(&wg, release)
		}
		defer wg.Wait()
		defer close(release)
		synctest.Wait() // until they are parked
		l := newLab(t, holmes.WithCaptureBudget(time.Minute, 2<<20)).run(t)
		e := testkit.Must(l.CaptureNow(t.Context(), holmes.KindGoroutine))(t)
		require.Nil(t, e.Profile(holmes.KindGoroutine))
		require.Equal(t, holmes.GoroutineSite{Function: "github.com/go-holmes/holmes_test.parked", Count: 300}, e.Readings.GoroutineSites[0])

		again := testkit.Must(holmes.LoadEvent(e.Dir))(t)
		require.Equal(t, e.Readings.GoroutineSites, again.Readings.GoroutineSites)
		summary := testkit.Must(os.ReadFile(filepath.Join(e.Dir, "summary.txt")))(t)
		require.Contains(t, string(summary), "300 goroutines of github.com/go-holmes/holmes_test.parked")
	})
}

func parked(wg *sync.WaitGroup, release <-chan struct{}) {
	defer wg.Done()
	park(20, release) // the runtime records 32 calls
}
