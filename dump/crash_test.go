package dump_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

// On a disk whose sync takes a second, each file is there at once, and an event of
// eight files is closed after three seconds: each file is synced once, however often
// it was replaced, with the checksums, the event's directory and the store's, four at
// a time.
func TestSlowDiskHidesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk, syncs := &faults{}, map[string]int{}
		disk.set(func(_ int, op, name string) error {
			if op == "sync" {
				syncs[name]++
			}
			return nil
		})
		s := openStore(t, t.TempDir(), dump.Options{Fault: func(op, name string) error {
			if op == "sync" {
				<-time.After(time.Second)
			}
			return disk.fault(op, name)
		}})
		begin := time.Now()
		e := testkit.Must(s.Create(eventID(1), "a"))(t)
		files := []string{"event.json", "heap.pb.gz", "goroutine.pb.gz", "cpu.pb.gz", "mutex.pb.gz", "trace.out", "threadcreate.pb.gz", "summary.txt"}
		for _, name := range append(files, "event.json", "event.json", "cpu.pb.gz") {
			require.NoError(t, testkit.Err(e.Replace(name, fill(100_000))))
			require.EqualValues(t, 100_000, tree(t, e.Path())[name])
		}
		require.Zero(t, time.Since(begin))
		require.Empty(t, syncs)

		require.NoError(t, e.Close(dump.Class{}))
		require.Equal(t, 3*time.Second, time.Since(begin))
		want := map[string]int{".sealed": 1, ".": 2}
		for _, name := range files {
			want[name] = 1
		}
		require.Equal(t, want, syncs)
		require.NoError(t, s.Close())
	})
}

// childStuck makes an event on a disk that does not answer at the step where.
func childStuck(where string) error {
	s, err := dump.Open(os.Getenv(childDir), dump.Options{Fault: func(op, name string) error {
		if op+" "+name == where {
			fmt.Println("stuck")
			select {}
		}
		return nil
	}})
	if err != nil {
		return err
	}
	e, err := s.Create(eventID(1), "a")
	if err != nil {
		return err
	}
	if _, err := e.Write("event.json", text(pattern(1))); err != nil {
		return err
	}
	if _, err := e.Write("heap.pb.gz", text(pattern(1))); err != nil {
		return err
	}
	return e.Close(dump.Class{})
}

// The next process finds what the kernel had of a process that was killed while it
// waited for its disk.
func TestKilledProcessKeepsWhatTheKernelHad(t *testing.T) {
	for where, want := range map[string]struct {
		files  int
		closed bool
	}{
		"write .heap.pb.gz.tmp":  {files: 1},
		"open .sums":             {files: 0}, // event.json lacks its checksum
		"rename .heap.pb.gz.tmp": {files: 2}, // a whole temporary file
		"rename .sums":           {files: 2},
		"sync heap.pb.gz":        {files: 2, closed: true},
	} {
		t.Run(where, func(t *testing.T) {
			dir := t.TempDir()
			c := start(t, "stuck "+where, dir)
			require.Equal(t, "stuck", c.Line(t))
			c.Kill(t)

			s := openStore(t, dir, dump.Options{})
			require.Empty(t, temps(t, dir))
			got := testkit.Must(s.Adopt("a"))(t)
			switch {
			case want.files == 0:
				require.Zero(t, got)
				requireEvents(t, s)
				return
			case want.closed:
				require.Equal(t, []string{eventID(1)}, got.Waiting)
			default:
				require.Equal(t, []string{eventID(1)}, got.Unfinished)
				e := testkit.Must(s.Reopen(eventID(1)))(t)
				require.NoError(t, e.Close(dump.Class{}))
			}
			require.NoError(t, s.Check(eventID(1)))
			require.Len(t, visible(t, s.Path(eventID(1))), want.files)
			requireWhole(t, s.Path(eventID(1)))
			requireWaiting(t, s, "a", eventID(1))
			require.Equal(t, weight(t, dir), s.Usage().Bytes)
		})
	}
}

// A process is killed between any two steps of an event's life: what the directory
// holds then is copied, and another store makes of the copy what it would make of
// the directory. A file exists from the moment on at which it is whole and has its
// checksum.
func TestKilledBetweenAnyTwoSteps(t *testing.T) {
	disk, dir, images := &faults{}, testkit.FastDir(t), testkit.FastDir(t)
	s := openStore(t, dir, dump.Options{Fault: disk.fault})
	kept := map[string]bool{} // files that must not be lost any more
	disk.set(func(step int, op, name string) error {
		if file, ok := strings.CutSuffix(name, ".tmp"); ok && op == "rename" && name != ".sums.tmp" {
			kept[file[1:]] = true
		}
		image := filepath.Join(images, fmt.Sprint(step))
		require.NoError(t, os.Mkdir(image, 0o700))
		require.NoError(t, os.CopyFS(image, os.DirFS(dir)))
		requireRecovered(t, image, kept, fmt.Sprintf("step %d: %s %s", step, op, name))
		return nil
	})
	e := testkit.Must(s.Create(eventID(1), "a"))(t)
	require.NoError(t, testkit.Err(e.Write("event.json", text(pattern(1)))))
	require.NoError(t, testkit.Err(e.Write("cpu.pb.gz", text(pattern(2)))))
	require.NoError(t, testkit.Err(e.Replace("event.json", text(pattern(3)))))
	require.NoError(t, e.Close(dump.Class{Kind: "cpu abs"}))
	e = testkit.Must(s.Reopen(eventID(1)))(t)
	require.NoError(t, testkit.Err(e.Write("heap.pb.gz", text(pattern(4)))))
	require.NoError(t, e.Close(dump.Class{}))
	require.Len(t, kept, 3)
	disk.heal()
	require.NoError(t, s.Close())
}

// requireRecovered lets a store recover what a process left, and asserts that it has
// the files.
func requireRecovered(t *testing.T, dir string, files map[string]bool, when string) {
	t.Helper()
	s, err := dump.Open(dir, dump.Options{})
	require.NoError(t, err, when)
	finishAll(t, s, when)
	ids, err := s.List()
	require.NoError(t, err, when)
	for _, id := range ids {
		require.NoError(t, s.Check(id), when)
		requireWhole(t, s.Path(id))
	}
	for name := range files {
		require.FileExists(t, filepath.Join(s.Path(eventID(1)), name), when)
	}
	require.Equal(t, weight(t, dir), s.Usage().Bytes, when)
	require.NoError(t, s.Close(), when)
	require.NoError(t, os.RemoveAll(dir), when)
}
