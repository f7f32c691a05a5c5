package dump

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// The file of a lock goes with it, so a lock may be taken on a file that its
// holder removes in the same moment. Such a lock excludes nobody.
func TestLockHasOneHolder(t *testing.T) {
	const name = ".test.lock"
	dir := t.TempDir()
	var holders, taken atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Error(err)
				return
			}
			defer root.Close()
			for range 5000 {
				held, err := openLock(root, name, os.O_CREATE)
				if errors.Is(err, errHeld) {
					continue
				}
				if err != nil || holders.Add(1) != 1 {
					t.Errorf("not alone, error %v", err)
					return
				}
				taken.Add(1)
				runtime.Gosched() // so that others meet the lock
				holders.Add(-1)
				if err := closeLock(root, name, held); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.Positive(t, taken.Load())
	require.NoFileExists(t, filepath.Join(dir, name))
}

// The living are told from the dead by their locks.
func TestRollKnowsTheDead(t *testing.T) {
	dir := t.TempDir()
	ours, err := Open(dir, Options{})
	require.NoError(t, err)
	theirs, err := Open(dir, Options{})
	require.NoError(t, err)
	alive := func(token string) (alive bool) {
		require.NoError(t, ours.locked(func(root folder) error {
			alive = ours.roll(root).alive(token)
			return nil
		}))
		return alive
	}
	require.True(t, alive(ours.token))
	require.False(t, alive(""))
	require.False(t, alive(theirs.token), "it owns nothing yet")
	require.NoError(t, theirs.locked(theirs.claim))
	require.True(t, alive(theirs.token))
	require.NoError(t, theirs.owner.Close()) // as the kernel does for the dead
	require.False(t, alive(theirs.token))
	require.FileExists(t, filepath.Join(dir, ownerLock(theirs.token)), "to look is not to touch")
	theirs.owner = nil
	require.NoError(t, theirs.locked(theirs.claim))
	require.True(t, alive(theirs.token))
	require.NoError(t, theirs.Close())
	require.False(t, alive(theirs.token))
	require.NoFileExists(t, filepath.Join(dir, ownerLock(theirs.token)))
}

// A process that is stopped while it has the directory locked stops no other
// for long.
func TestLockIsNotWaitedForForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(t.TempDir(), Options{})
		require.NoError(t, err)
		root, err := s.place.open()
		require.NoError(t, err)
		defer root.close()
		stopped, err := takeTurn(root)
		require.NoError(t, err)
		begin := time.Now()
		_, err = s.Create("20260102T150405.000000000Z-cpu")
		require.ErrorIs(t, err, ErrBusy)
		require.WithinDuration(t, begin.Add(turnPatience), time.Now(), 2*longestPause)
		require.NotZero(t, s.Usage(), "to look waits for nobody")
		require.NoError(t, stopped.Close())
		e, err := s.Create("20260102T150405.000000000Z-cpu")
		require.NoError(t, err)
		require.NoError(t, e.Discard())
		require.NoError(t, s.Close())
	})
}
