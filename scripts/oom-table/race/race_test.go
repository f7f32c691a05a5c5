package race_test

import (
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/internal/realgroup"
	"github.com/go-holmes/holmes/scripts/oom-table/race"
)

func TestMain(m *testing.M) {
	if race.Child() {
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// A heap profile is on disk before the kernel kills. oom-table has the whole
// table; these are its corners.
func TestRaceIsWon(t *testing.T) {
	plain(t)
	for _, c := range []race.Cell{
		{Rate: 100e6},
		{Rate: 2000e6},
		{Rate: 500e6, Soft: true, Cores: 0.5},
		{Rate: 500e6, Pointers: true},
	} {
		t.Run(c.String(), func(t *testing.T) { win(t, c, 1) })
	}
}

// With many sites a profile takes 70 ms of CPU time at the end, which a machine that
// builds other programs may not give: one race of some is won, and oom-table counts. An
// emulated processor takes a second for it, so the virtual machines do not run this.
func TestManySitesCanWin(t *testing.T) {
	plain(t)
	win(t, race.Cell{Rate: 50e6, Sites: true}, 3)
}

// win runs races until one is won.
func win(t *testing.T, c race.Cell, attempts int) {
	t.Helper()
	var res race.Result
	for range attempts {
		var err error
		res, err = race.Run(t.Context(), c)
		if errors.Is(err, realgroup.ErrNone) {
			t.Skip(err)
		}
		require.NoError(t, err)
		if res.Captured {
			break
		}
	}
	t.Logf("%s; killed after %v; the leak is %.0f %% of the profile", res.Reason, res.Lasted, res.Share*100)
	require.True(t, res.Captured, "dead after %v with nothing on disk", res.Lasted)
	if !c.Pointers && !c.Sites {
		require.GreaterOrEqual(t, res.Share, 0.5)
	}
}
