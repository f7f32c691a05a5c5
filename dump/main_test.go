package dump_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

// TestMain also is the main function of the processes that some tests start.
func TestMain(m *testing.M) { testkit.Main(m, childEnv, child) }

// eventID returns the id of the n-th event of a test.
func eventID(n int) string {
	at := time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC).Add(time.Duration(n) * time.Second)
	return at.Format(dump.IDLayout) + "-cpu"
}

// fill returns a function that writes n bytes, some at a time.
func fill(n int) func(io.Writer) error {
	return func(w io.Writer) error {
		for n := n; n > 0; n -= 1000 {
			if _, err := w.Write(make([]byte, min(n, 1000))); err != nil {
				return err
			}
		}
		return nil
	}
}

// text returns a function that writes s.
func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		return testkit.Err(io.WriteString(w, s))
	}
}

func openStore(t *testing.T, dir string, o dump.Options) *dump.Store {
	t.Helper()
	s := testkit.Must(dump.Open(dir, o))(t)
	return s
}

// create makes the n-th event with one file of the given size.
func create(t *testing.T, s *dump.Store, n, size int) *dump.Entry {
	t.Helper()
	e := testkit.Must(s.Create(eventID(n)))(t)
	require.NoError(t, testkit.Err(e.Write("cpu.pb.gz", fill(size))))
	return e
}

// requireEvents asserts which events there are, by number.
func requireEvents(t *testing.T, s *dump.Store, want ...int) {
	t.Helper()
	ids := make([]string, 0, len(want))
	for _, n := range want {
		ids = append(ids, eventID(n))
	}
	got := testkit.Must(s.List())(t)
	require.Equal(t, ids, append([]string{}, got...))
}

// tree returns all paths below dir with their sizes. Another process may have
// removed one that was listed: the store's own work makes and removes empty
// files and unfinished ones without the directory's lock.
func tree(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != dir {
			return nil
		}
		if err != nil || path == dir {
			return err
		}
		name, err := filepath.Rel(dir, path)
		found[name] = 0
		if info.Mode().IsRegular() {
			found[name] = info.Size()
		}
		return err
	})
	require.NoError(t, err)
	return found
}

// visible returns the files of an event that are not the store's own.
func visible(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	found := tree(t, dir)
	for name := range found {
		if strings.HasPrefix(filepath.Base(name), ".") {
			delete(found, name)
		}
	}
	return found
}

// requireClean asserts that there is nothing but the directory's lock.
func requireClean(t *testing.T, dir string) {
	t.Helper()
	found := tree(t, dir)
	delete(found, ".lock")
	require.Empty(t, found)
}

// closed is what the n-th event takes when it is closed with one file of that
// size.
func closed(size int) int64 {
	return int64(size) + dump.LineBytes("cpu.pb.gz", size) + sealed
}

// lockBytes is what the directory's lock takes.
const lockBytes = int64(32)

// sealed is the last line of an event's checksums without a class.
const sealed = int64(len("sealed 1 0 \"\" \"\" 01234567\n"))

// weight returns the bytes of all files below dir.
func weight(t *testing.T, dir string) (sum int64) {
	t.Helper()
	for _, size := range tree(t, dir) {
		sum += size
	}
	return sum
}

func ExampleStore() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()

	store, err := dump.Open(filepath.Join(dir, "evidence"), dump.Options{MaxEvents: 10})
	if err != nil {
		panic(err)
	}
	at := time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)
	entry, err := store.Create(at.Format(dump.IDLayout) + "-cpu")
	if err != nil {
		panic(err)
	}
	file, err := entry.Write("summary.txt", func(w io.Writer) error {
		return testkit.Err(io.WriteString(w, "CPU 61 % for 15 s\n"))
	})
	if err != nil {
		panic(err)
	}
	if err := entry.Close(dump.Class{}); err != nil {
		panic(err)
	}
	fmt.Println(entry.ID(), file.Name, file.Bytes)
	// Output: 20260102T150405.000000000Z-cpu summary.txt 18
}
