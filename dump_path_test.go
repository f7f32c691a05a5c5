package holmes_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

// A dump path that is refused or cannot be written is not fatal: Start logs
// why, Stats show it, events reach the reporters from memory, and a path that
// becomes good is used from the next event on.
func TestDumpPathThatCannotBeUsed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the rules are those of Unix")
	}
	for name, build := range map[string]func(t *testing.T, dir string) (path string, mend func()){
		"a symbolic link": func(t *testing.T, dir string) (string, func()) {
			require.NoError(t, os.Chmod(dir, 0o777)) // others can exchange it
			path := filepath.Join(dir, "link")
			require.NoError(t, os.Symlink(t.TempDir(), path))
			return path, func() { require.NoError(t, os.Remove(path)) }
		},
		"the private directory is a link": func(t *testing.T, dir string) (string, func()) {
			require.NoError(t, os.Chmod(dir, 0o777))
			link := filepath.Join(dir, "holmes-"+strconv.Itoa(os.Geteuid()))
			require.NoError(t, os.Symlink(t.TempDir(), link))
			return dir, func() { require.NoError(t, os.Remove(link)) }
		},
		"a file is in the way": func(t *testing.T, dir string) (string, func()) {
			file := filepath.Join(dir, "file")
			require.NoError(t, os.WriteFile(file, nil, 0o600))
			return filepath.Join(file, "below"), func() { require.NoError(t, os.Remove(file)) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			path, mend := build(t, t.TempDir())
			synctest.Test(t, func(t *testing.T) {
				lines := &lineLog{}
				l := newLab(t, holmes.WithDumpPath(path), holmes.WithLogger(lines)).run(t)
				synctest.Wait()
				require.Contains(t, strings.Join(lines.all(), "\n"), path, "Start logs why")
				require.Error(t, l.Stats().Dump.Err)
				if name != "a file is in the way" {
					require.ErrorIs(t, l.Stats().Dump.Err, dump.ErrRefused)
				}

				e := testkit.Must(l.CaptureNow(t.Context(), holmes.KindGoroutine))(t)
				synctest.Wait()
				require.Len(t, l.got.all(), 1)
				require.Empty(t, e.Dir)
				require.NotEmpty(t, parse(t, l.got.all()[0].Profile(holmes.KindGoroutine)).Sample)

				mend()
				e = testkit.Must(l.CaptureNow(t.Context(), holmes.KindGoroutine))(t)
				require.True(t, strings.HasPrefix(e.Dir, path), e.Dir)
				require.FileExists(t, filepath.Join(e.Dir, "goroutine.pb.gz"))
				require.NoError(t, l.Stats().Dump.Err)
			})
		})
	}
}

// By default events are in a private directory of the temporary one, whatever that looks
// like, and what lies in the temporary one itself is found.
func TestDefaultDumpPath(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the rules are those of Unix")
	}
	for name, build := range map[string]func(t *testing.T, temp string){
		"missing": func(*testing.T, string) {},
		"private": func(t *testing.T, temp string) { require.NoError(t, os.Mkdir(temp, 0o700)) },
		"open to all": func(t *testing.T, temp string) {
			require.NoError(t, errors.Join(os.Mkdir(temp, 0o700), os.Chmod(temp, 0o777)))
		},
		"of a version": func(t *testing.T, temp string) { require.NoError(t, leave(temp)) },
	} {
		t.Run(name, func(t *testing.T) {
			temp := filepath.Join(t.TempDir(), "temp")
			build(t, temp)
			t.Setenv("TMPDIR", temp)
			h := testkit.Must(holmes.New(holmes.WithLogger(nil), holmes.WithBaseline(0)))(t)
			require.NoError(t, h.Start())
			defer h.Stop()
			dir := filepath.Join(temp, "holmes-"+strconv.Itoa(os.Geteuid()))
			e := testkit.Must(h.CaptureNow(t.Context(), holmes.KindGoroutine))(t)
			require.Equal(t, filepath.Join(dir, e.ID), e.Dir)
			entries := testkit.Must(filepath.Glob(filepath.Join(temp, "2*")))(t)
			require.Empty(t, entries, "moved")
			if name == "of a version" {
				require.FileExists(t, filepath.Join(dir, leftID, "event.json"))
			}
		})
	}
}

const leftID = "20260102T150405.000000000Z-cpu-00000001"

// leave stores an event as a process does whose directory is private.
func leave(dir string) error {
	s, err := dump.Open(dir, dump.Options{MaxAge: 100 * 365 * 24 * time.Hour})
	if err != nil {
		return err
	}
	e, err := s.Create(leftID)
	if err != nil {
		return err
	}
	_, err = e.Write("event.json", func(w io.Writer) error { return testkit.Err(io.WriteString(w, "{}")) })
	return errors.Join(err, e.Close(dump.Class{}), s.Close())
}

// Without a disk by choice nothing is logged about that, for an hour, and nothing is
// written; events are delivered from memory.
func TestMemoryOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none")
	synctest.Test(t, func(t *testing.T) {
		lines := &lineLog{}
		l := newLab(t, holmes.WithDumpPath(path), holmes.WithMemoryOnly(true), holmes.WithLogger(lines),
			holmes.WithBaseline(5*time.Minute), holmes.WithCrashOutput(true)).run(t)
		seconds(3600)
		e := testkit.Must(l.CaptureNow(t.Context(), holmes.KindGoroutine))(t)
		seconds(1)
		require.Empty(t, e.Dir)
		require.NotEmpty(t, parse(t, l.event(t).Profile(holmes.KindGoroutine)).Sample)
		s := l.Stats()
		require.Equal(t, holmes.DumpStats{}, s.Dump)
		require.Positive(t, s.Baseline.Rounds)
		for _, line := range lines.all() {
			require.Contains(t, line, e.ID, "no line but of the event")
		}
		require.NoDirExists(t, path)

		require.NoError(t, l.Set(holmes.WithMemoryOnly(false)))
		e = testkit.Must(l.CaptureNow(t.Context(), holmes.KindGoroutine))(t)
		require.FileExists(t, filepath.Join(path, e.ID, "goroutine.pb.gz"))
		require.NoError(t, l.Set(holmes.WithMemoryOnly(true)))
		e = testkit.Must(l.CaptureNow(t.Context(), holmes.KindGoroutine))(t)
		require.Empty(t, e.Dir)
		require.Empty(t, l.Stats().Dump.Dir)
	})
}

// An event whose dump path cannot be written is reported from memory.
func TestUnwritableDumpPathStillReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		l := newLab(t, holmes.WithDumpPath(filepath.Join(file, "sub"))).run(t)
		require.Error(t, l.Stats().Dump.Err)
		seconds(60)
		l.host.CPU(func() float64 { return 90 })
		seconds(30)
		e := l.event(t)
		require.Empty(t, e.Dir)
		cpu := e.Profile(holmes.KindCPU)
		require.Empty(t, cpu.Path)
		require.NotEmpty(t, parse(t, cpu).Sample)
	})
}

// Files in the dump path are readable by their owner only, events of the same
// instant have directories of their own, and count and bytes are bounded.
func TestFilesArePrivateUniqueAndBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithDumpLimits(5, 1<<20)).run(t)
		seen := map[string]bool{}
		for range 20 { // the clock of the bubble stands still: all at the same instant
			e := testkit.Must(l.CaptureNow(t.Context(), holmes.KindGoroutine))(t)
			require.False(t, seen[e.ID])
			seen[e.ID] = true
		}
		seconds(1)
		s := l.Stats().Dump
		require.LessOrEqual(t, s.Events, 5)
		require.LessOrEqual(t, s.Bytes, int64(1<<20))
		dirs := testkit.Must(os.ReadDir(l.dir))(t)
		for _, d := range dirs {
			info := testkit.Must(d.Info())(t)
			if !d.IsDir() { // the store's own
				require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), d.Name())
				continue
			}
			require.Equal(t, os.FileMode(0o700), info.Mode().Perm(), d.Name())
			files := testkit.Must(os.ReadDir(filepath.Join(l.dir, d.Name())))(t)
			for _, f := range files {
				info := testkit.Must(f.Info())(t)
				require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), f.Name())
			}
		}
	})
}
