package reporters_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters"
	"github.com/go-holmes/holmes/reporters/reportertest"
)

func newFile(t *testing.T, dir string) *reporters.File {
	t.Helper()
	r, err := reporters.NewFile(dir)
	require.NoError(t, err)
	return r
}

// list returns all that lies in a directory, hidden things too.
func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestFileConformance(t *testing.T) {
	reportertest.Test(t, func(t *testing.T) reportertest.Target {
		dir := filepath.Join(t.TempDir(), "made", "when", "needed")
		return reportertest.Target{
			Reporter: newFile(t, dir),
			Received: func(id string) map[string][]byte {
				files := map[string][]byte{}
				for _, name := range list(t, filepath.Join(dir, id)) {
					raw, err := os.ReadFile(filepath.Join(dir, id, name))
					require.NoError(t, err)
					files[name] = raw
				}
				return files
			},
		}
	})
}

func TestFileCopyIsAnEventOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	e := reportertest.DiskEvent(t)
	require.NoError(t, newFile(t, dir).Report(context.Background(), e))
	got, err := holmes.LoadEvent(filepath.Join(dir, e.ID))
	require.NoError(t, err)
	require.Equal(t, e.Sentence(), got.Sentence())
	for i := range got.Profiles {
		if got.Profiles[i].File != "" {
			require.FileExists(t, got.Profiles[i].Path)
		}
	}
	require.Equal(t, list(t, e.Dir), list(t, got.Dir), "with summary.txt")
	require.Equal(t, []string{e.ID}, list(t, dir), "and nothing beside it")
}

func TestFileModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes there")
	}
	dir := filepath.Join(t.TempDir(), "new")
	e := reportertest.DiskEvent(t)
	require.NoError(t, newFile(t, dir).Report(context.Background(), e))
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700 | fs.ModeDir
		}
		require.Equal(t, want, info.Mode(), path)
		return nil
	}))
}

func TestFileLeavesAnEventThatIsThere(t *testing.T) {
	dir := t.TempDir()
	e := reportertest.DiskEvent(t)
	r := newFile(t, dir)
	require.NoError(t, r.Report(context.Background(), e))
	mark := filepath.Join(dir, e.ID, "summary.txt")
	require.NoError(t, os.WriteFile(mark, []byte("mine"), 0o600))
	require.NoError(t, r.Report(context.Background(), e))
	raw, err := os.ReadFile(mark)
	require.NoError(t, err)
	require.Equal(t, "mine", string(raw))
}

// An attempt that fails leaves nothing, and one that died is cleared away by
// the next.
func TestFileIsThereWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	e := reportertest.DiskEvent(t)
	gone := *e
	gone.Profiles = slices.Clone(e.Profiles)
	gone.Profiles[len(gone.Profiles)-1].Path = t.TempDir() // opens, but cannot be read
	r := newFile(t, dir)
	require.Error(t, r.Report(context.Background(), &gone))
	require.Empty(t, list(t, dir))

	dead := filepath.Join(dir, "."+e.ID+".DEAD.partial")
	other := filepath.Join(dir, ".other.DEAD.partial")
	for _, d := range []string{dead, other} {
		require.NoError(t, os.Mkdir(d, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(d, "event.json"), nil, 0o600))
	}
	require.NoError(t, r.Report(context.Background(), e))
	require.NoDirExists(t, dead)
	require.DirExists(t, other, "is of another event, maybe of another process")
}

func TestFileSeveralAtOnce(t *testing.T) {
	dir := t.TempDir()
	e := reportertest.DiskEvent(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			copied := *e
			copied.Profiles = slices.Clone(e.Profiles)
			if err := newFile(t, dir).Report(context.Background(), &copied); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.Equal(t, []string{e.ID}, list(t, dir))
	require.Equal(t, list(t, e.Dir), list(t, filepath.Join(dir, e.ID)))
}

func TestFileStopsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := newFile(t, dir).Report(ctx, reportertest.DiskEvent(t))
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, holmes.IsPermanent(err))
	require.Empty(t, list(t, dir))
}

func TestFileRefusals(t *testing.T) {
	e := reportertest.DiskEvent(t)
	report := func(dir string) error { return newFile(t, dir).Report(context.Background(), e) }

	_, err := reporters.NewFile("")
	require.ErrorContains(t, err, "holmes: ")

	target, link := t.TempDir(), filepath.Join(t.TempDir(), "link")
	if os.Symlink(target, link) == nil {
		require.NoError(t, os.Chmod(filepath.Dir(link), 0o777)) // others can exchange it
		require.ErrorContains(t, report(link), "symbolic link")
		require.NoError(t, os.Symlink(target, filepath.Join(target, e.ID)))
		require.Error(t, report(target), "the event's name is taken by a link")
		require.Equal(t, []string{e.ID}, list(t, target), "nothing went through it")
	}

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.Error(t, report(file))

	taken := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(taken, e.ID, "not ours"), 0o700))
	require.Error(t, report(taken), "a directory of that name is no event")
	require.Equal(t, []string{"not ours"}, list(t, filepath.Join(taken, e.ID)))
	require.Equal(t, []string{e.ID}, list(t, taken))

	if runtime.GOOS != "windows" {
		open := t.TempDir()
		private := filepath.Join(open, "holmes-"+strconv.Itoa(os.Geteuid()))
		for _, mode := range []fs.FileMode{0o777, 0o777 | fs.ModeSticky} {
			require.NoError(t, os.Chmod(open, mode))
			require.NoError(t, report(open))
			require.Equal(t, []string{e.ID}, list(t, private))
		}
	}
}

func TestFileName(t *testing.T) {
	dir := t.TempDir()
	require.Equal(t, "file:"+dir, newFile(t, dir).Name())
	t.Chdir(dir)
	r := newFile(t, "relative")
	t.Chdir(t.TempDir())
	require.NoError(t, r.Report(context.Background(), reportertest.EmptyEvent(t)))
	require.DirExists(t, filepath.Join(dir, "relative"))
}
