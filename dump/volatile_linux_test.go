package dump_test

import (
	"errors"
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

	require.NoError(t, s.Tidy())

	// While less is free than the events take, they take no more.
	free.Store(3000)
	most := s.Usage()
	for n := range 30 {
		require.NoError(t, create(t, s, 20+n, 900).Close(dump.Class{}))
		require.LessOrEqual(t, s.Usage().Bytes, most.Bytes)
	}
	kept := s.Usage().Events
	require.InDelta(t, most.Events, kept, 1)

	// Less for a moment costs none, less for long does.
	require.NoError(t, s.Tidy())
	require.Equal(t, kept, s.Usage().Events)
	require.NoError(t, s.Tidy())
	require.LessOrEqual(t, s.Usage().Bytes, int64(3000))
	requireEvents(t, s, 47, 48, 49)
	free.Store(0)
	require.NoError(t, errors.Join(s.Tidy(), s.Tidy()))
	requireEvents(t, s)
	require.ErrorIs(t, testkit.Err(s.Create(eventID(50))), dump.ErrBudget)

	if onDisk := openStore(t, t.TempDir(), o); !onDisk.Volatile() { // where the system's /tmp is on disk
		require.NoError(t, create(t, onDisk, 1, 900).Close(dump.Class{}))
	}
}
