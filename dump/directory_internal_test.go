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
)

// Locks tell live owners from dead ones.
func TestLivenessOfOwners(t *testing.T) {
	dir := t.TempDir()
	ours, err := Open(dir, Options{})
	require.NoError(t, err)
	theirs, err := Open(dir, Options{})
	require.NoError(t, err)
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
		s, err := Open(t.TempDir(), Options{})
		require.NoError(t, err)
		root, err := s.location.Open()
		require.NoError(t, err)
		defer root.Close()
		stopped, err := lock.AcquireDirectory(root)
		require.NoError(t, err)
		begin := time.Now()
		_, err = s.Create("20260102T150405.000000000Z-cpu")
		require.ErrorIs(t, err, ErrBusy)
		require.WithinDuration(t, begin.Add(lock.Patience), time.Now(), 2*lock.LongestPause)
		require.NotZero(t, s.Usage(), "Usage takes no lock")
		require.NoError(t, stopped.Release())
		e, err := s.Create("20260102T150405.000000000Z-cpu")
		require.NoError(t, err)
		require.NoError(t, e.Discard())
		require.NoError(t, s.Close())
	})
}
