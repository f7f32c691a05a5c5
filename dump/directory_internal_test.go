package dump

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/layout"
	"github.com/go-holmes/holmes/dump/internal/lock"
	"github.com/go-holmes/holmes/internal/testkit"
)

// Locks tell live owners from dead ones.
func TestLivenessOfOwners(t *testing.T) {
	dir := t.TempDir()
	ours := testkit.Must(Open(dir, Options{}))(t)
	theirs := testkit.Must(Open(dir, Options{}))(t)
	alive := func(token string) (alive bool) {
		require.NoError(t, ours.locked(func(root disk.Dir) error {
			alive = ours.owner.Liveness(root).Alive(token)
			return nil
		}))
		return alive
	}
	token := theirs.owner.Token
	file := filepath.Join(dir, layout.OwnerLock(token))
	require.True(t, alive(ours.owner.Token))
	require.False(t, alive(""))
	require.False(t, alive(token), "it owns nothing yet")
	require.NoError(t, theirs.locked(theirs.owner.Claim))
	require.True(t, alive(token))
	require.NoError(t, theirs.owner.Drop()) // as the kernel does for the dead
	require.False(t, alive(token))
	require.FileExists(t, file, "Alive removes no file")
	require.NoError(t, theirs.locked(theirs.owner.Claim))
	require.True(t, alive(token))
	require.NoError(t, theirs.Close())
	require.False(t, alive(token))
	require.NoFileExists(t, file)
}

// A process that is stopped while it has the directory locked stops no other
// for long.
func TestDirectoryLockTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := testkit.Must(Open(t.TempDir(), Options{}))(t)
		root := testkit.Must(s.location.Open())(t)
		defer root.Close()
		stopped := testkit.Must(lock.AcquireDirectory(root))(t)
		begin := time.Now()
		require.ErrorIs(t, testkit.Err(s.Create("20260102T150405.000000000Z-cpu")), ErrBusy)
		require.WithinDuration(t, begin.Add(lock.Patience), time.Now(), 2*lock.LongestPause)
		require.NotZero(t, s.Usage(), "Usage takes no lock")
		require.NoError(t, stopped.Release())
		e := testkit.Must(s.Create("20260102T150405.000000000Z-cpu"))(t)
		require.NoError(t, e.Discard())
		require.NoError(t, s.Close())
	})
}
