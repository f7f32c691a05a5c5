package dump

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// The file of a lock goes with it, so a lock may be taken on a file that its
// holder removes in the same moment. Such a lock excludes nobody.
func TestLockHasOneHolder(t *testing.T) {
	const id = IDLayout + "-cpu"
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
			defer closeQuietly(root)
			for range 5000 {
				held, err := takeLock(root, id)
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
				if err := held.drop(root); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.Positive(t, taken.Load())
	require.NoFileExists(t, filepath.Join(dir, lockName(id)))
}

func TestInheritLockNeedsADeadOwner(t *testing.T) {
	const id = IDLayout + "-cpu"
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer closeQuietly(root)
	_, err = inheritLock(root, id)
	require.ErrorIs(t, err, os.ErrNotExist)
	held, err := takeLock(root, id)
	require.NoError(t, err)
	_, err = inheritLock(root, id)
	require.ErrorIs(t, err, errHeld)
	require.NoError(t, held.file.Close()) // as the kernel does for the dead
	held, err = inheritLock(root, id)
	require.NoError(t, err)
	require.NoError(t, held.drop(root))
}
