package files_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
)

// A store that was closed with its last directory full goes on with a new one.
func TestRestartWithFullDirectories(t *testing.T) {
	dir := memoryDir(t)
	s := openStore(t, dir, files.Options{})
	for i := range files.Slots {
		put(t, s, i)
	}
	require.NoError(t, s.Close())
	s = openStore(t, dir, files.Options{})
	put(t, s, files.Slots)
	require.Equal(t, down(files.Slots+1, 0), numbers(t, s, collector.Query{}))
	require.Len(t, blobsIn(t, dir, "0000000"), files.Slots)
	require.Len(t, blobsIn(t, dir, "0000001"), 1)
	require.NoError(t, s.Close())
	s = closed(t, dir, files.Options{})
	require.Equal(t, down(files.Slots+1, 0), numbers(t, s, collector.Query{}))
}

// blobsIn returns the names in one directory of blobs.
func blobsIn(t *testing.T, dir, sub string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "blobs", sub))
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
