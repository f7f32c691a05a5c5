package cgroup_test

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fixture is a tree of files that stands for a system. It is kept in one text, in the notation of
// golang.org/x/tools/txtar, because the names of the files cannot all be stored in a Go module: colons, blanks.
type fixture struct {
	comment string
	names   []string // in the order of the text
	files   map[string]string
}

var marker = regexp.MustCompile(`(?m)^-- (.+) --\n`)

// readFixture parses testdata/fixtures/<name>.txtar.
func readFixture(t testing.TB, name string) *fixture {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "fixtures", name+".txtar"))
	require.NoError(t, err)
	f := &fixture{files: make(map[string]string)}
	marks := marker.FindAllStringSubmatchIndex(string(text), -1)
	require.NotEmpty(t, marks, "no files")
	f.comment = string(text[:marks[0][0]])
	for i, m := range marks {
		end := len(text)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		name := string(text[m[2]:m[3]])
		f.names = append(f.names, name)
		f.files[name] = string(text[m[1]:end])
	}
	return f
}

// fixtureNames lists all fixtures.
func fixtureNames(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "fixtures", "*.txtar"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	names := make([]string, len(paths))
	for i, p := range paths {
		names[i] = strings.TrimSuffix(filepath.Base(p), ".txtar")
	}
	return names
}

// tree is a fixture on disk, which a test may change.
type tree string

// write makes a tree of the fixture.
func (f *fixture) write(t testing.TB) tree {
	t.Helper()
	if runtime.GOOS == "windows" {
		for name := range f.files {
			if strings.ContainsAny(name, `:\`) {
				t.Skip("this system has no such file names")
			}
		}
	}
	dir := tree(t.TempDir())
	for name, text := range f.files {
		if name != "want" {
			dir.set(t, name, text)
		}
	}
	return dir
}

// newTree makes a tree of the named fixture.
func newTree(t testing.TB, name string) tree {
	t.Helper()
	return readFixture(t, name).write(t)
}

func (d tree) path(name string) string { return filepath.Join(string(d), filepath.FromSlash(name)) }

// set writes one file of the tree, as the kernel changes one: in place, so that open descriptors see it.
func (d tree) set(t testing.TB, name, text string) {
	t.Helper()
	path := d.path(name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}
