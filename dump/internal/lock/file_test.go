package lock

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/filelock"
	"github.com/go-holmes/holmes/internal/testkit"
)

// The file of a lock is removed with it, so a lock may be taken on a file that its
// holder removes in the same moment. Such a lock excludes no other holder.
func TestLockHasOneHolder(t *testing.T) {
	const name = ".test.lock"
	dir := t.TempDir()
	var holders, taken atomic.Int64
	testkit.Together(4, func(int) {
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Error(err)
			return
		}
		defer root.Close()
		for range 5000 {
			held, err := openFile(root, name, os.O_CREATE)
			if errors.Is(err, filelock.ErrHeld) {
				continue
			}
			if err != nil || holders.Add(1) != 1 {
				t.Errorf("not alone, error %v", err)
				return
			}
			taken.Add(1)
			runtime.Gosched() // so that others meet the lock
			holders.Add(-1)
			if err := removeFile(root, name, held); err != nil {
				t.Error(err)
			}
		}
	})
	require.Positive(t, taken.Load())
	require.NoFileExists(t, filepath.Join(dir, name))
}
