package blackbox_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/blackbox"
	"github.com/go-holmes/holmes/internal/testkit"
)

// boom is the reason of a crash, longer than what is read of it.
func boom() string { return "boom " + strings.Repeat("ä", 50_000) }

func childCrash(dir *os.Root, b *blackbox.Box) error {
	if _, err := blackbox.OpenCrash(dir, "run"); err != nil {
		return err
	}
	put(b, 1)
	if err := b.Flush(context.Background()); err != nil {
		return err
	}
	if os.Getenv(jobEnv) == "crash" {
		panic(boom())
	}
	new(sync.Mutex).Unlock() // a fatal error, which nothing recovers
	return nil
}

// childCalm closes it, and crashes then.
func childCalm(dir *os.Root, _ blackbox.Config) error {
	c, err := blackbox.OpenCrash(dir, "run")
	if err != nil {
		return err
	}
	if err := errors.Join(c.Close(), c.Close()); err != nil {
		return err
	}
	panic("later")
}

// childReplaced sets an output of its own before it closes ours.
func childReplaced(dir *os.Root, _ blackbox.Config) error {
	c, err := blackbox.OpenCrash(dir, "run")
	if err != nil {
		return err
	}
	own, err := dir.Create("own.txt")
	if err != nil {
		return err
	}
	err = errors.Join(debug.SetCrashOutput(own, debug.CrashOptions{}), c.Close())
	if err != nil {
		return err
	}
	panic("replaced")
}

// crash runs a job to its end in a crash.
func crash(t *testing.T, job string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	j := start(t, job, dir, blackbox.Auto)
	require.False(t, j.Lines.Scan())
	require.Error(t, j.Wait())
	return dir
}

func TestCrashIsRead(t *testing.T) {
	dir := crash(t, "crash")
	orphans, _ := adopt(t, dir, 1)
	require.Len(t, orphans, 1)
	o := orphans[0]
	require.EqualValues(t, 1, requireWhole(t, o.Contents))
	require.True(t, strings.HasPrefix(o.Crash, "panic: boom ä"), o.Crash[:min(100, len(o.Crash))])
	require.LessOrEqual(t, len(o.Crash), 64<<10)
	require.Greater(t, len(o.Crash), 64<<10-4)
	require.Greater(t, o.CrashSize, int64(len(boom())))
	require.NoError(t, o.Release(root(t, dir)))
	require.Equal(t, []string{"run.box", "run.crash"}, files(t, dir))
	info := testkit.Must(os.Stat(filepath.Join(dir, "run.crash")))(t)
	require.EqualValues(t, 0o600, info.Mode())

	orphans, _ = adopt(t, dir, 1)
	require.Equal(t, o.Crash, orphans[0].Crash)
	require.NoError(t, orphans[0].Remove(root(t, dir)))
	require.Empty(t, files(t, dir))
}

func TestFatalErrorIsRead(t *testing.T) {
	dir := crash(t, "fatal")
	orphans, _ := adopt(t, dir, 1)
	require.Len(t, orphans, 1)
	require.True(t, strings.HasPrefix(orphans[0].Crash, "goroutine 1"), orphans[0].Crash)
	require.Contains(t, orphans[0].Crash, "childCrash", "the stack, not the reason")
	require.NoError(t, orphans[0].Remove(root(t, dir)))
}

func TestCrashAfterClose(t *testing.T) {
	dir := crash(t, "calm")
	require.Equal(t, []string{"run.crash"}, files(t, dir))
	orphans, _ := adopt(t, dir, 1)
	require.Empty(t, orphans)
	require.Empty(t, files(t, dir))
}

func TestCrashOutputOfTheApplicationStays(t *testing.T) {
	testkit.OnLinux(t, "only Linux can tell")
	dir := crash(t, "replaced")
	text := testkit.Must(os.ReadFile(filepath.Join(dir, "own.txt")))(t)
	require.Contains(t, string(text), "panic: replaced")
	text = testkit.Must(os.ReadFile(filepath.Join(dir, "run.crash")))(t)
	require.Empty(t, text)
}

func TestCrashFileIsNew(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "run.crash"), nil, 0o600))
	require.ErrorIs(t, testkit.Err(blackbox.OpenCrash(root(t, dir), "run")), os.ErrExist)
	require.ErrorIs(t, testkit.Err(blackbox.OpenCrash(root(t, dir), "../run")), blackbox.ErrName)
}
