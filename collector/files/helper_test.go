package files_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
)

func openStore(t *testing.T, dir string, o files.Options) *files.Store {
	t.Helper()
	s, err := files.Open(t.Context(), dir, o.Relaxed())
	require.NoError(t, err)
	return s
}

// memoryDir returns a directory in memory where there is one, for tests of
// thousands of uploads.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "holmes-files-") //nolint:usetesting // t.TempDir is on a disk
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// closed opens a store that the test closes.
func closed(t *testing.T, dir string, o files.Options) *files.Store {
	t.Helper()
	s := openStore(t, dir, o)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// put stores the n-th profile, and returns it.
func put(t *testing.T, s *files.Store, n int) collector.Meta {
	t.Helper()
	m, err := tryPut(t.Context(), s, n, content(n))
	require.NoError(t, err)
	return m
}

func content(n int) string { return fmt.Sprintf("profile %d", n) }

func tryPut(ctx context.Context, s *files.Store, n int, content string) (collector.Meta, error) {
	d, err := s.Draft(ctx)
	if err != nil {
		return collector.Meta{}, err
	}
	defer d.Discard()
	w, err := d.Add("cpu.pb.gz")
	if err != nil {
		return collector.Meta{}, err
	}
	if _, err := io.WriteString(w, content); err != nil {
		return collector.Meta{}, err
	}
	labels, err := collector.NewLabels(map[string]string{"n": fmt.Sprint(n), "even": fmt.Sprint(n%2 == 0)})
	if err != nil {
		return collector.Meta{}, err
	}
	r, err := d.Commit(ctx, collector.Record{Key: fmt.Sprint("key", n), Profile: &collector.Meta{
		Service: "shop", Kind: collector.KindCPU, Labels: labels, CreatedAt: moment(n), File: "cpu.pb.gz",
	}})
	if err != nil {
		return collector.Meta{}, err
	}
	return r.Profiles[0], nil
}

// moment is the time of the n-th profile.
func moment(n int) time.Time {
	return time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Second)
}

// numbers returns the numbers of the profiles that are found, the newest first, and
// checks that they can be read.
func numbers(t *testing.T, s *files.Store, q collector.Query) []int {
	t.Helper()
	all := []int{}
	for m, err := range s.Find(t.Context(), q) {
		require.NoError(t, err)
		n := int(m.CreatedAt.Sub(moment(0)).Seconds())
		all = append(all, n)
		f, err := s.Open(t.Context(), m.ID)
		require.NoError(t, err)
		raw, err := io.ReadAll(f)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		require.Equal(t, content(n), string(raw))
	}
	return all
}

// down returns the numbers from n-1 to from.
func down(n, from int) []int {
	out := []int{}
	for n--; n >= from; n-- {
		out = append(out, n)
	}
	return out
}

// blobs returns the paths of all blob files, the oldest first.
func blobs(t *testing.T, dir string) []string {
	t.Helper()
	var paths []string
	require.NoError(t, filepath.WalkDir(filepath.Join(dir, "blobs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			paths = append(paths, path)
		}
		return err
	}))
	return paths
}
