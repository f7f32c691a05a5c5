package files_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
)

// fill returns the directory of a store that crashed with n profiles in it.
func fill(t *testing.T, n int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	s := openStore(t, dir, files.Options{})
	for i := range n {
		put(t, s, i)
	}
	require.NoError(t, s.Die())
	return dir
}

func TestWhatADeadProcessStoredIsFound(t *testing.T) {
	dir := fill(t, 5)
	s := openStore(t, dir, files.Options{})
	require.Equal(t, down(5, 0), numbers(t, s, collector.Query{}))
	put(t, s, 5)
	require.NoError(t, s.Die()) // and again, beside what the index has by now
	s = openStore(t, dir, files.Options{})
	require.Equal(t, down(6, 0), numbers(t, s, collector.Query{}))
	require.NoError(t, s.Close())
	s = openStore(t, dir, files.Options{})
	put(t, s, 6)
	require.NoError(t, s.Die()) // beside a segment that was not full
	s = closed(t, dir, files.Options{})
	require.Equal(t, down(7, 0), numbers(t, s, collector.Query{}))
	require.Equal(t, 7, s.Usage().Uploads)
	_, err := s.Known(t.Context(), "key6")
	require.NoError(t, err)
}

func TestWhatWasUnderWayIsRemoved(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, files.Options{})
	d, err := s.Draft(t.Context())
	require.NoError(t, err)
	w, err := d.Add("cpu.pb.gz")
	require.NoError(t, err)
	_, err = w.Write(make([]byte, files.BufferSize+1))
	require.NoError(t, err)
	require.NoError(t, s.Die())
	left, err := os.ReadDir(filepath.Join(dir, "incoming"))
	require.NoError(t, err)
	require.Len(t, left, 1)

	s = closed(t, dir, files.Options{})
	left, err = os.ReadDir(filepath.Join(dir, "incoming"))
	require.NoError(t, err)
	require.Empty(t, left)
	require.Zero(t, s.Usage())
	d.Discard() // of the dead process, for its descriptor
}

// A blob with a changed byte, or without its end, is moved away, and the others are
// found.
func TestDamagedBlobs(t *testing.T) {
	dir := fill(t, 3)
	paths := blobs(t, dir)
	require.Len(t, paths, 3)
	whole, err := os.ReadFile(paths[1])
	require.NoError(t, err)
	damage := func(t *testing.T, raw []byte) {
		t.Helper()
		require.NoError(t, os.WriteFile(paths[1], raw, 0o600))
		core, logged := observer.New(zap.WarnLevel)
		s := openStore(t, dir, files.Options{Log: zap.New(core)})
		n := 0
		for m, err := range s.Find(t.Context(), collector.Query{}) {
			require.NoError(t, err)
			if f, err := s.Open(t.Context(), m.ID); err == nil {
				_, err := io.ReadAll(f)
				require.NoError(t, err)
				require.NoError(t, f.Close())
				n++
			} else {
				require.Equal(t, collector.Damaged, collector.CodeOf(err))
			}
		}
		require.Equal(t, 2, n)
		require.NoError(t, s.Die())
		require.Equal(t, 1, logged.FilterMessageSnippet("is damaged").Len())
		require.NoError(t, os.Remove(filepath.Join(dir, "damaged", filepath.Base(paths[1]))))
	}
	for i := range whole {
		changed := append([]byte(nil), whole...)
		changed[i] ^= 0x20
		damage(t, changed)
	}
	for _, n := range []int{0, 1, 15, 16, len(whole) / 2, len(whole) - 1} {
		damage(t, whole[:n])
	}
	require.NoError(t, os.WriteFile(paths[1], whole, 0o600))
	s := closed(t, dir, files.Options{})
	require.Equal(t, down(3, 0), numbers(t, s, collector.Query{}))
}

// A missing, damaged or copied index is rebuilt from the files.
func TestDamagedIndex(t *testing.T) {
	dir := memoryDir(t)
	n := testkit.Heavy(2, 1)*files.Slots + 10
	s := openStore(t, dir, files.Options{})
	for i := range n {
		put(t, s, i)
	}
	all := metas(t, s)
	require.Len(t, all, n)
	want := fmt.Sprint(all)
	require.NoError(t, s.Close())
	path := filepath.Join(dir, "index.db")
	random := rand.New(rand.NewPCG(7, 8))
	check := func(what string, damage func(raw []byte) []byte) {
		t.Helper()
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		raw := damage(whole)
		// The same inode: a new file would be taken for a copy and not be read.
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
		require.NoError(t, err)
		_, err = f.Write(raw)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		s := openStore(t, dir, files.Options{})
		same := want == fmt.Sprint(metas(t, s)) // a difference is too long to be printed
		require.True(t, same, what)
		require.Equal(t, n, s.Usage().Uploads, what)
		_, err = s.Known(t.Context(), "key17")
		require.NoError(t, err, what)
		require.NoError(t, s.Close())
		_ = os.Remove(path + ".damaged")
	}
	check("whole", func(raw []byte) []byte { return raw })
	check("empty", func([]byte) []byte { return nil })
	check("short", func(raw []byte) []byte { return raw[:100] })
	check("cut", func(raw []byte) []byte { return raw[:len(raw)/2] })
	check("zeros", func(raw []byte) []byte { return make([]byte, len(raw)) })
	check("text", func([]byte) []byte { return []byte("this is not an index, and it never was one") })
	for i := range testkit.Heavy(60, 4) {
		check(fmt.Sprintf("bit %d", i), func(raw []byte) []byte {
			at := random.IntN(len(raw))
			if i%2 == 0 {
				at = random.IntN(16 << 10) // the pages that hold it together
			}
			raw[at] ^= byte(1 << random.IntN(8))
			return raw
		})
	}
}

// metas returns all profiles.
func metas(t *testing.T, s *files.Store) []collector.Meta {
	t.Helper()
	var all []collector.Meta
	for m, err := range s.Find(t.Context(), collector.Query{}) {
		require.NoError(t, err)
		all = append(all, m)
	}
	return all
}

// A copy that is made during uploads has all that were stored before it began.
func TestCopyIsABackup(t *testing.T) {
	dir, backup := memoryDir(t), filepath.Join(memoryDir(t), "backup")
	s := closed(t, dir, files.Options{})
	n := 0
	for ; n < files.Slots+5; n++ {
		put(t, s, n)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		for i := n; ctx.Err() == nil; i++ {
			if _, err := tryPut(t.Context(), s, i, content(i)); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	err := os.CopyFS(backup, os.DirFS(dir))
	stop()
	require.NoError(t, <-done)
	if err != nil { // a file was renamed under the hands of the copier, as cp would complain too
		require.ErrorIs(t, err, os.ErrNotExist)
		require.NoError(t, os.RemoveAll(backup))
		require.NoError(t, os.CopyFS(backup, os.DirFS(dir)))
	}
	restored := closed(t, backup, files.Options{})
	found := numbers(t, restored, collector.Query{})
	require.GreaterOrEqual(t, len(found), n)
	require.Equal(t, down(n, 0), found[len(found)-n:])
}

func TestTwoCannotShareADirectory(t *testing.T) {
	dir := t.TempDir()
	s := closed(t, dir, files.Options{})
	put(t, s, 0)
	_, err := files.Open(t.Context(), dir, files.Options{})
	require.ErrorContains(t, err, dir)
	require.ErrorContains(t, err, "another process")
	put(t, s, 1)
}

func TestWhatIsNotOursIsLeftAlone(t *testing.T) {
	dir := fill(t, 2)
	foreign := []string{"README", "blobs/README", "blobs/0000000/notes.txt", "blobs/zzz/x", "damaged/old"}
	for _, name := range foreign {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o600))
	}
	s := closed(t, dir, files.Options{MaxBytes: 1})
	_, err := s.Sweep(t.Context())
	require.NoError(t, err)
	require.Zero(t, s.Usage())
	for _, name := range foreign {
		require.FileExists(t, filepath.Join(dir, name))
	}
}

func TestRebuildEndsWithItsContext(t *testing.T) {
	dir := fill(t, 100)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := files.Open(ctx, dir, files.Options{Rebuild: true})
	require.ErrorIs(t, err, context.Canceled)
	progress := 0
	s := closed(t, dir, files.Options{Rebuild: true, Progress: func(done, total int) {
		require.LessOrEqual(t, done, total)
		require.Equal(t, 100, total)
		progress = done
	}})
	require.Equal(t, 100, progress)
	require.Equal(t, down(100, 0), numbers(t, s, collector.Query{}))
}
