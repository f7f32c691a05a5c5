package bed_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/bench/scenario/bed"
	"github.com/go-holmes/holmes/bench/scenario/faults"
)

func TestMain(m *testing.M) {
	if is, err := bed.Child(); is {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// The whole path for simple faults: from a fault in a process to the event on its disk.
// diagnose-table has all of them. They run at the same time, so the shops are small. The
// usual run has one that needs no quiet processor.
func TestPlainFaultsAreNamed(t *testing.T) {
	exe := testkit.Must(os.Executable())(t)
	shops := map[string]time.Duration{"goroutine-leak": time.Minute}
	if testkit.IsHeavy() {
		shops["hot-loop"], shops["map-grows"], shops["control/calm"] = time.Minute, time.Minute, 5*time.Second
	}
	for name, patience := range shops {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ok := faults.Find(name)
			require.True(t, ok)
			r, err := bed.Run(t.Context(), exe, s, bed.Plan{
				Scenario: s.Name, Dir: t.TempDir(), Calm: 12 * time.Second, Patience: patience, Pace: 0.2,
			})
			require.NoError(t, err)
			t.Logf("%s after %v: %s", r.Signal, r.After, r.Sentence)
			require.True(t, r.Captured())
			require.Positive(t, r.Rounds, "there was no baseline to compare with")
			require.NotEmpty(t, r.Sentence)
			require.False(t, r.Wrong)
			if !s.Control() {
				require.Equal(t, 1, r.Rank)
			}
		})
	}
}

func TestAChildThatFails(t *testing.T) {
	exe := testkit.Must(os.Executable())(t)
	s, _ := faults.Find("hot-loop")
	_, err := bed.Run(t.Context(), exe, s, bed.Plan{Scenario: "no such thing", Dir: t.TempDir()})
	require.ErrorContains(t, err, `there is no scenario "no such thing"`)
}
