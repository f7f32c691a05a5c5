package dump_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

func openEntry(t *testing.T) *dump.Entry {
	t.Helper()
	return openEntryOf(t, openStore(t, t.TempDir(), dump.Options{}))
}

func openEntryOf(t *testing.T, s *dump.Store) *dump.Entry {
	t.Helper()
	e := testkit.Must(s.Create(eventID(1)))(t)
	t.Cleanup(func() { _ = e.Close(dump.Class{}) })
	return e
}

func requireFile(t *testing.T, e *dump.Entry, name, want string) {
	t.Helper()
	got := testkit.Must(os.ReadFile(filepath.Join(e.Path(), name)))(t)
	require.Equal(t, want, string(got))
}

func TestWrite(t *testing.T) {
	e := openEntry(t)
	f := testkit.Must(e.Write("heap.pb.gz", text("profile")))(t)
	require.Equal(t, dump.File{Name: "heap.pb.gz", Path: filepath.Join(e.Path(), "heap.pb.gz"), Bytes: 7}, f)
	requireFile(t, e, "heap.pb.gz", "profile")
	f = testkit.Must(e.Write("empty", text("")))(t)
	require.Zero(t, f.Bytes)
	require.Equal(t, map[string]int64{"heap.pb.gz": 7, "empty": 0}, visible(t, e.Path()))
}

// While fill runs the file does not exist, and when it returns the file is complete.
func TestFileAppearsWhole(t *testing.T) {
	e := openEntry(t)
	_, err := e.Write("cpu.pb.gz", func(w io.Writer) error {
		require.NoError(t, fill(100_000)(w))
		require.NoFileExists(t, filepath.Join(e.Path(), "cpu.pb.gz"))
		require.FileExists(t, filepath.Join(e.Path(), ".cpu.pb.gz.tmp"))
		return nil
	})
	require.NoError(t, err)
	require.EqualValues(t, 100_000, tree(t, e.Path())["cpu.pb.gz"])

	_, err = e.Replace("cpu.pb.gz", func(w io.Writer) error {
		require.NoError(t, fill(50_000)(w))
		require.EqualValues(t, 100_000, tree(t, e.Path())["cpu.pb.gz"])
		return nil
	})
	require.NoError(t, err)
	require.EqualValues(t, 50_000, tree(t, e.Path())["cpu.pb.gz"])
}

func TestWriteNeverOverwrites(t *testing.T) {
	e := openEntry(t)
	require.NoError(t, testkit.Err(e.Write("event.json", text("suspected"))))
	require.ErrorIs(t, testkit.Err(e.Write("event.json", func(io.Writer) error { panic("not called") })), dump.ErrExists)
	requireFile(t, e, "event.json", "suspected")

	f := testkit.Must(e.Replace("event.json", text("confirmed!")))(t)
	require.EqualValues(t, 10, f.Bytes)
	requireFile(t, e, "event.json", "confirmed!")
	require.NoError(t, testkit.Err(e.Replace("new.json", text("new"))))
	requireFile(t, e, "new.json", "new")
}

// The rename of the finished file may fail too.
func TestNameTakenByADirectory(t *testing.T) {
	e := openEntry(t)
	require.NoError(t, os.Mkdir(filepath.Join(e.Path(), "cpu.pb.gz"), 0o700))
	require.ErrorIs(t, testkit.Err(e.Write("cpu.pb.gz", text("profile"))), dump.ErrExists)
	require.Error(t, testkit.Err(e.Replace("cpu.pb.gz", text("profile"))))
	require.Equal(t, map[string]int64{"cpu.pb.gz": 0}, visible(t, e.Path()))
}

func TestSameFileByTwoWriters(t *testing.T) {
	e := openEntry(t)
	_, err := e.Write("cpu.pb.gz", func(w io.Writer) error {
		require.ErrorIs(t, testkit.Err(e.Write("cpu.pb.gz", text("other"))), dump.ErrExists)
		_, err := e.Replace("cpu.pb.gz", text("other"))
		require.ErrorIs(t, err, dump.ErrExists)
		return text("first")(w)
	})
	require.NoError(t, err)
	requireFile(t, e, "cpu.pb.gz", "first")
}

func TestFailedFillLeavesNothing(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name string
		fill func(io.Writer) error
		want string
		is   error
	}{
		{"error at once", func(io.Writer) error { return broken }, "broken", broken},
		{"error half way", func(w io.Writer) error {
			return errors.Join(fill(100_000)(w), broken)
		}, "broken", broken},
		{"panic with a text", func(w io.Writer) error {
			_ = fill(100_000)(w)
			panic("ouch")
		}, "writer panicked: ouch", nil},
		{"panic with an error", func(io.Writer) error { panic(broken) }, "writer panicked: broken", broken},
		{"nil function", nil, "writer panicked: runtime error", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := openEntry(t)
			require.NoError(t, testkit.Err(e.Write("event.json", text("old"))))
			for _, write := range []func(string, func(io.Writer) error) (dump.File, error){e.Write, e.Replace} {
				name := "heap.pb.gz"
				f, err := write(name, c.fill)
				require.ErrorContains(t, err, eventID(1)+"/"+name+": "+c.want)
				if c.is != nil {
					require.ErrorIs(t, err, c.is)
				}
				require.Zero(t, f)
			}
			require.ErrorContains(t, testkit.Err(e.Replace("event.json", c.fill)), c.want)
			require.Equal(t, map[string]int64{"event.json": 3}, visible(t, e.Path()))
			require.NoError(t, testkit.Err(e.Write("heap.pb.gz", text("later")))) // and the name is free again
		})
	}
}

func TestFillThatEndsItsGoroutine(t *testing.T) {
	e := openEntry(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = e.Write("heap.pb.gz", func(w io.Writer) error {
			_ = fill(100_000)(w)
			runtime.Goexit()
			return nil
		})
	})
	wg.Wait()
	require.Equal(t, map[string]int64{}, visible(t, e.Path()))
	require.NoError(t, e.Close(dump.Class{})) // no writer is counted
}

func TestFileNames(t *testing.T) {
	e := openEntry(t)
	for _, name := range []string{"a", "heap-gc.pb.gz", "A_b-9.x", strings.Repeat("n", 128)} {
		require.NoError(t, testkit.Err(e.Write(name, text(name))), name)
		requireFile(t, e, name, name)
	}
	for _, name := range []string{
		"", ".", "..", ".lock", ".hidden", "a/b", "../a", "/a", `a\b`, "a b", "a\x00", "ü", "a\n", "a:b",
		strings.Repeat("n", 129),
	} {
		require.ErrorIs(t, testkit.Err(e.Write(name, text(name))), dump.ErrName, "%q", name)
		require.ErrorIs(t, testkit.Err(e.Replace(name, text(name))), dump.ErrName, "%q", name)
	}
}

func TestEventIDs(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{})
	for _, id := range []string{
		"", "cpu", "20260102T150405.000000000Z", "20260102T150405.000000000Z-", "20260102T150405.000000000Z_cpu",
		"20260102T150405.000Z-cpu", "20260132T150405.000000000Z-cpu", "20260102T150405,000000000Z-cpu",
		"20260102T150405.000000000Z-../cpu", ".20260102T150405.000000000Z-cpu",
		"20260102T150405.000000000Z-" + strings.Repeat("n", 128),
	} {
		require.ErrorIs(t, testkit.Err(s.Create(id)), dump.ErrName, "%q", id)
	}
	requireClean(t, s.Dir())
}

func TestManyWritersOfOneEntry(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{})
	e := openEntryOf(t, s)
	testkit.Together(8, func(i int) {
		for j := range 10 {
			name := fmt.Sprintf("file-%d", i)
			_, err := e.Replace(name, fill(10_000+j))
			if err != nil {
				t.Error(err)
			}
		}
	})
	require.NoError(t, e.Close(dump.Class{}))
	for name, size := range visible(t, e.Path()) {
		require.EqualValues(t, 10_009, size, name)
	}
	require.Len(t, visible(t, e.Path()), 8)
	require.NoError(t, s.Check(e.ID()))
}

func TestCloseWaitsForWriters(t *testing.T) {
	e := openEntry(t)
	started, proceed := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := e.Write("cpu.pb.gz", func(w io.Writer) error {
			close(started)
			<-proceed
			return text("whole")(w)
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-started
	closed := make(chan error)
	wg.Go(func() { closed <- e.Close(dump.Class{}) })
	select {
	case err := <-closed:
		t.Fatalf("closed under a writer: %v", err)
	default:
	}
	close(proceed)
	require.NoError(t, <-closed)
	wg.Wait()
	requireFile(t, e, "cpu.pb.gz", "whole")
}
