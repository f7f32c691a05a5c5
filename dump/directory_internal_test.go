package dump

import (
	"os"
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

// A store waits longer while others take turns, but not for ever.
func TestDirectoryLockIsWaitedForWhileOthersWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := testkit.Must(Open(t.TempDir(), Options{}))(t)
		root := testkit.Must(s.location.Open())(t)
		defer root.Close()
		busy := func(d time.Duration) {
			held := testkit.Must(lock.AcquireDirectory(root))(t)
			for n := range int(d / time.Second) {
				require.NoError(t, held.SetCount(lock.Count{Events: 1, Bytes: int64(n)}))
				<-time.After(time.Second)
			}
			require.NoError(t, held.Release())
		}
		for d, want := range map[time.Duration]error{5 * time.Second: nil, 20 * time.Second: ErrBusy} {
			begin := time.Now()
			go busy(d)
			synctest.Wait()
			require.ErrorIs(t, s.Tidy(), want)
			require.WithinDuration(t, begin.Add(min(d, lock.MostPatience)), time.Now(), lock.Patience)
			<-time.After(d)
		}
	})
}

// The lock has the count for the next holder. What an earlier version wrote there is
// none, and neither is half a record.
func TestCountIsInTheLock(t *testing.T) {
	dir := t.TempDir()
	s := testkit.Must(Open(dir, Options{}))(t)
	count := func() (c *lock.Count) {
		require.NoError(t, s.locked(func(disk.Dir) error { c = s.counted; return nil }))
		return c
	}
	name := filepath.Join(dir, layout.LockName)
	require.Equal(t, &lock.Count{Bytes: layout.RecordLength}, count())
	e := testkit.Must(s.Create("20260102T150405.000000000Z-cpu"))(t)
	whole := testkit.Must(os.ReadFile(name))(t)
	require.Len(t, whole, layout.RecordLength)
	require.Equal(t, 1, count().Events)
	for _, other := range []string{"", s.owner.Token, s.owner.Token + string(whole[16:]), string(whole[:20]), string(whole[:31]) + "x"} {
		require.NoError(t, os.WriteFile(name, []byte(other), 0o600))
		require.Nil(t, count(), "%q", other)
	}
	require.NoError(t, s.Tidy())
	require.Equal(t, 1, count().Events)
	require.NoError(t, e.Discard())
	require.NoError(t, s.Close())
}
