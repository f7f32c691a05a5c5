package files_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
)

// A clock that tests set.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func TestRetentionByAge(t *testing.T) {
	dir, c := t.TempDir(), &clock{moment(0)}
	s := openStore(t, dir, files.Options{MaxAge: time.Hour, Now: c.now})
	for n := range 10 {
		c.at = moment(0).Add(time.Duration(n) * 10 * time.Minute)
		put(t, s, n)
	}
	removed, err := s.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, removed) // 90, 80 and 70 minutes old; 60 is not too old
	require.Equal(t, down(10, 3), numbers(t, s, collector.Query{}))
	require.Equal(t, 7, s.Usage().Uploads)
	_, err = s.Known(t.Context(), "key2")
	require.Equal(t, collector.NotFound, collector.CodeOf(err))
	_, err = s.Known(t.Context(), "key3")
	require.NoError(t, err)
	require.NoError(t, s.Close())

	c.at = c.at.Add(40 * time.Minute)
	s = closed(t, dir, files.Options{MaxAge: time.Hour, Now: c.now})
	require.Equal(t, 7, s.Usage().Uploads)
	require.Equal(t, down(10, 3), numbers(t, s, collector.Query{}))
	removed, err = s.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, 4, removed)
	require.Equal(t, down(10, 7), numbers(t, s, collector.Query{}))

	// A key whose upload is gone is free again.
	put(t, s, 2)
	require.Equal(t, []int{9, 8, 7, 2}, numbers(t, s, collector.Query{}))
	c.at = c.at.Add(24 * time.Hour)
	_, err = s.Sweep(t.Context())
	require.NoError(t, err)
	require.Zero(t, s.Usage())
	require.Empty(t, numbers(t, s, collector.Query{}))
	put(t, s, 11)
	require.Equal(t, []int{11}, numbers(t, s, collector.Query{}))
}

// The bound holds at every moment, uploads under way included; the oldest uploads
// are removed to make room.
func TestRetentionByBytes(t *testing.T) {
	const most = 400_000
	dir := t.TempDir()
	s := closed(t, dir, files.Options{MaxBytes: most + 256<<10}) // a draft reserves so much at once
	for n := range 40 {
		_, err := tryPut(t.Context(), s, n, strings.Repeat("x", 30_000))
		require.NoError(t, err)
		require.LessOrEqual(t, onDisk(t, dir), int64(most+256<<10))
		require.LessOrEqual(t, s.Usage().Bytes, int64(most+256<<10))
	}
	found := 0
	for m, err := range s.Find(t.Context(), collector.Query{}) {
		require.NoError(t, err)
		require.Equal(t, moment(39-found), m.CreatedAt)
		found++
	}
	require.Equal(t, s.Usage().Uploads, found)
	require.Greater(t, found, 10)
	require.Len(t, blobs(t, dir), found)
}

// onDisk is the size of all uploads, those under way included.
func onDisk(t *testing.T, dir string) (total int64) {
	t.Helper()
	for _, sub := range []string{"blobs", "incoming"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(dir, sub), func(_ string, d os.DirEntry, err error) error {
			require.NoError(t, err)
			if info, err := d.Info(); err == nil && d.Type().IsRegular() {
				total += (info.Size() + 4095) / 4096 * 4096
			}
			return nil
		}))
	}
	return total
}

func TestTooLargeForTheBound(t *testing.T) {
	s := closed(t, t.TempDir(), files.Options{MaxBytes: 1 << 20})
	put(t, s, 0)
	d, err := s.Draft(t.Context())
	require.NoError(t, err)
	w, err := d.Add("cpu.pb.gz")
	require.NoError(t, err)
	for range 20 { // piece by piece, of which some find room
		if _, err = w.Write(make([]byte, 100<<10)); err != nil {
			break
		}
	}
	require.Equal(t, collector.Full, collector.CodeOf(err))
	require.NotZero(t, s.Usage().Bytes)
	d.Discard()
	require.Zero(t, s.Usage().Bytes)
	put(t, s, 1)
	require.Equal(t, []int{1}, numbers(t, s, collector.Query{}))
}

// Full directories are removed as a whole, with their segments.
func TestSweepOverDirectories(t *testing.T) {
	dir, c := memoryDir(t), &clock{moment(0)}
	o := files.Options{MaxAge: time.Hour, Now: c.now}
	s := openStore(t, dir, o)
	const n = 2*files.Slots + 100
	for i := range n {
		if i == files.Slots+50 {
			c.at = c.at.Add(2 * time.Hour)
		}
		put(t, s, i)
	}
	require.Equal(t, 2, s.Sealed())
	removed, err := s.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, files.Slots+50, removed)
	require.Equal(t, 1, s.Sealed())
	require.NoDirExists(t, filepath.Join(dir, "blobs", "0000000"))
	want := down(n, files.Slots+50)
	require.Equal(t, want, numbers(t, s, collector.Query{}))
	usage := s.Usage()
	require.Equal(t, len(want), usage.Uploads)
	for range 2 {
		require.NoError(t, s.Close())
		s = openStore(t, dir, o)
		require.Equal(t, want, numbers(t, s, collector.Query{}))
		require.Equal(t, usage, s.Usage())
		_, err = s.Known(t.Context(), "key4000")
		require.Equal(t, collector.NotFound, collector.CodeOf(err))
		_, err = s.Known(t.Context(), "key4200")
		require.NoError(t, err)
		o.Rebuild = true
	}
	require.NoError(t, s.Close())
}

func TestSweepEndsWithItsContext(t *testing.T) {
	c := &clock{moment(0)}
	s := closed(t, t.TempDir(), files.Options{MaxAge: time.Hour, Now: c.now})
	put(t, s, 0)
	c.at = c.at.Add(2 * time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	removed, err := s.Sweep(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, removed)
}
