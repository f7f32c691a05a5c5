package storetest

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
)

// Full checks that a full disk is reported, that stored records stay and can be
// read, and that writing goes on when there is room again. It mounts a small file
// system, for which it needs root; it is skipped without.
func Full(t *testing.T, open Open) {
	t.Helper()
	s := &subject{T: t, open: open, place: smallDisk(t)}
	s.start()
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	var stored []collector.Meta
	content := bytes.Repeat([]byte("x"), 100_000)
	var err error
	for err == nil {
		var m collector.Meta
		if m, err = s.large(content); err == nil {
			stored = append(stored, m)
		}
		require.Less(t, len(stored), 1000)
	}
	require.NotEmpty(t, stored)
	s.requireFull(err)
	// To the last byte, so that nothing fits any more.
	ballast := filepath.Join(s.place, "ballast")
	require.ErrorIs(t, fill(ballast), syscall.ENOSPC)
	for range 2 {
		_, err = s.large([]byte("little"))
		s.requireFull(err)
		s.requireStored(stored, content)
		s.restart() // the store opens on a full disk
	}
	require.NoError(t, os.Remove(ballast))
	m, err := s.large([]byte("little"))
	require.NoError(t, err)
	s.requireStored([]collector.Meta{m}, []byte("little"))
	s.restart()
	s.requireStored(stored, content)
	require.Len(t, s.found(collector.Query{}), len(stored)+1)
}

// Evict checks that a store which may remove old uploads goes on when the disk is
// full: the new upload is stored, and the oldest are gone. It needs what [Full] needs.
func Evict(t *testing.T, open Open) {
	t.Helper()
	s := &subject{T: t, open: open, place: smallDisk(t)}
	s.start()
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	content := bytes.Repeat([]byte("x"), 100_000)
	var first, last collector.Meta
	for n := range 60 {
		m, err := s.large(content)
		require.NoError(t, err, "upload %d", n)
		if last = m; n == 0 {
			first = m
		}
	}
	s.requireStored([]collector.Meta{last}, content)
	_, err := s.Open(t.Context(), first.ID)
	s.requireCode(collector.NotFound, err)
	s.restart()
	s.requireStored([]collector.Meta{last}, content)
}

// large stores a profile with that content.
func (s *subject) large(content []byte) (collector.Meta, error) {
	d, err := s.Draft(s.Context())
	if err != nil {
		return collector.Meta{}, err
	}
	defer d.Discard()
	m := s.profile()
	if err := add(d, m.File, string(content)); err != nil {
		return m, err
	}
	r, err := d.Commit(s.Context(), collector.Record{Profile: &m})
	if err != nil {
		return m, err
	}
	return r.Profiles[0], nil
}

func (s *subject) requireFull(err error) {
	s.Helper()
	s.requireCode(collector.Full, err)
	var e *collector.Error
	require.ErrorAs(s, err, &e)
	require.Positive(s, e.RetryAfter)
	require.NotContains(s, e.Message, s.place)
}

func (s *subject) requireStored(stored []collector.Meta, content []byte) {
	s.Helper()
	found := s.found(collector.Query{})
	for _, m := range stored {
		require.Contains(s, found, m)
		f, err := s.Open(s.Context(), m.ID)
		require.NoError(s, err)
		raw, err := io.ReadAll(f)
		require.NoError(s, err)
		require.True(s, bytes.Equal(content, raw))
		require.NoError(s, f.Close())
	}
}

// smallDisk mounts a small file system.
func smallDisk(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a tmpfs")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,size=2m"); err != nil {
		t.Skipf("this machine does not let us mount a tmpfs: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(f, zeros{})
	return err
}

// zeros reads as zeros without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
