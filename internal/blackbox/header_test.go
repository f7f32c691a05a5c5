package blackbox_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/blackbox"
	"github.com/go-holmes/holmes/internal/testkit"
)

func TestLabelsAreRead(t *testing.T) {
	labels := map[string]string{"service": "shop=1", "instance": "web-\u00e4", "version": "", "lines": "a\nb"}
	want := maps.Clone(labels)
	want["lines"] = "a b"
	labels["huge"] = strings.Repeat("x", 5000)
	for _, m := range media() {
		dir := t.TempDir()
		require.NoError(t, open(t, dir, "run", blackbox.Config{Medium: m, Labels: labels, Earlier: 7}).Close(context.Background()))
		c := read(t, dir)
		require.Equal(t, want, c.Labels)
		require.EqualValues(t, 7, c.Earlier)
	}
}

// A box of the first form has no labels, and is read.
func TestBoxWithoutLabels(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, open(t, dir, "run", blackbox.Config{Labels: map[string]string{"service": "shop"}}).Close(context.Background()))
	path := filepath.Join(dir, "run.box")
	raw := testkit.Must(os.ReadFile(path))(t)
	clear(raw[19*8 : 4096]) // what came later
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	c := read(t, dir)
	require.Nil(t, c.Labels)
	require.True(t, c.Clean())
}

func TestPanicked(t *testing.T) {
	for _, m := range media() {
		dir := t.TempDir()
		b := open(t, dir, "run", blackbox.Config{Medium: m, Earlier: 3})
		b.ForgetEarlier()
		b.Panicked(time.Now(), "panic in main.main (main.go:7)")
		require.NoError(t, b.Close(context.Background()))
		c := read(t, dir)
		require.False(t, c.Clean())
		require.True(t, c.Panicked)
		require.Zero(t, c.Earlier)
		s := c.Summary(time.Minute)
		require.Equal(t, "panic in main.main (main.go:7)", s.State)
	}
}

func TestBoxFitsIntoItsBytes(t *testing.T) {
	for _, bytes := range []int64{blackbox.MinBytes, 100_000} {
		b := open(t, t.TempDir(), "run", blackbox.Config{MaxBytes: bytes, Events: 10_000})
		require.LessOrEqual(t, b.Size(), bytes)
		require.Greater(t, b.Size(), bytes-512)
	}
	b, err := blackbox.Open(root(t, t.TempDir()), "run", blackbox.Config{MaxBytes: blackbox.MinBytes - 1})
	require.ErrorIs(t, err, blackbox.ErrNoRoom)
	require.Equal(t, blackbox.Memory, b.Medium())
	require.Zero(t, b.Size())
}

// leave leaves the box of a dead process.
func leave(t *testing.T, dir, name, service string, at time.Time) {
	t.Helper()
	child := t.TempDir()
	b := open(t, child, name, blackbox.Config{Labels: map[string]string{"service": service}, Earlier: 1})
	b.State(at, "state")
	require.NoError(t, b.Flush(context.Background()))
	raw := testkit.Must(os.ReadFile(filepath.Join(child, name+".box")))(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, name+".box"), raw, 0o600))
}

func TestBoxOfAnotherServiceIsLeftToIt(t *testing.T) {
	dir := t.TempDir()
	leave(t, dir, "1", "search", time.Now())
	leave(t, dir, "2", "", time.Now())
	leave(t, dir, "3", "shop", time.Now())
	orphans, dropped, err := blackbox.Adopt(root(t, dir), blackbox.Claim{Service: "shop", Runs: 9})
	require.NoError(t, err)
	require.Zero(t, dropped)
	require.Len(t, orphans, 2)
	for _, o := range orphans {
		require.NotEqual(t, "1", o.Name)
		require.NoError(t, o.Remove(root(t, dir)))
	}
	require.Equal(t, []string{"1.box"}, files(t, dir))
}

// Of more runs than may be kept the newest is, and the others are counted.
func TestClaimIsBounded(t *testing.T) {
	for _, c := range []blackbox.Claim{{Runs: 1}, {Runs: 9, Bytes: 1000}} {
		dir := t.TempDir()
		for _, name := range []string{"1", "2", "3"} {
			leave(t, dir, name, "shop", time.Now())
		}
		orphans, dropped, err := blackbox.Adopt(root(t, dir), c)
		require.NoError(t, err)
		require.Len(t, orphans, 1)
		require.Equal(t, "3", orphans[0].Name)
		require.EqualValues(t, 4, dropped, "two, and one before each")
		require.NoError(t, orphans[0].Remove(root(t, dir)))
		require.Empty(t, files(t, dir))
	}
}
