package dump_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

// A directory in memory holds what its owner says at the moment, others what MaxBytes
// says.
func TestMemoryBoundsADirectoryInMemory(t *testing.T) {
	dir := testkit.FastDir(t)
	if !strings.HasPrefix(dir, "/dev/shm") {
		t.Skip("this machine has no /dev/shm")
	}
	var free atomic.Int64
	free.Store(10_000)
	o := dump.Options{Memory: free.Load}
	s := openStore(t, dir, o)
	require.True(t, s.Volatile())
	for n := range 20 {
		require.NoError(t, create(t, s, n, 900).Close(dump.Class{}))
		require.LessOrEqual(t, s.Usage().Bytes, int64(10_000))
		require.Equal(t, weight(t, dir), s.Usage().Bytes)
	}
	require.Greater(t, s.Usage().Events, 8)
	require.EqualValues(t, 10_000, s.Usage().MaxBytes)

	free.Store(3000)
	require.NoError(t, s.Tidy())
	require.LessOrEqual(t, s.Usage().Bytes, int64(3000))
	requireEvents(t, s, 17, 18, 19)
	free.Store(0)
	require.ErrorIs(t, testkit.Err(s.Create(eventID(20))), dump.ErrBudget)

	if onDisk := openStore(t, t.TempDir(), o); !onDisk.Volatile() { // where the system's /tmp is on disk
		require.NoError(t, create(t, onDisk, 1, 900).Close(dump.Class{}))
	}
}
