package bed_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/diagnose/scenario/bed"
	"github.com/go-holmes/holmes/diagnose/scenario/faults"
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

// The whole path, for faults that are plain: what is in the process, the event
// on disk, and what it says. diagnose-table has all of them.
func TestPlainFaultsAreNamed(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	exe, err := os.Executable()
	require.NoError(t, err)
	for _, tt := range []struct {
		name string
		rank int // at most
	}{
		{"hot-loop", 1},
		{"map-grows", 1},
		{"goroutine-leak", 3},
		{"control/calm", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, ok := faults.Find(tt.name)
			require.True(t, ok)
			r, err := bed.Run(t.Context(), exe, s, bed.Plan{Scenario: s.Name, Dir: t.TempDir(), Calm: 12 * time.Second})
			require.NoError(t, err)
			t.Logf("%s after %v: %s", r.Signal, r.After, r.Sentence)
			require.True(t, r.Captured())
			require.NotEmpty(t, r.Sentence)
			if s.Control() {
				require.False(t, r.Confident)
				return
			}
			require.LessOrEqual(t, 1, r.Rank)
			require.LessOrEqual(t, r.Rank, tt.rank)
			require.False(t, r.Wrong)
		})
	}
}

func TestAChildThatFails(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	s, _ := faults.Find("hot-loop")
	_, err = bed.Run(t.Context(), exe, s, bed.Plan{Scenario: "no such thing", Dir: t.TempDir()})
	require.ErrorContains(t, err, `there is no scenario "no such thing"`)
}
