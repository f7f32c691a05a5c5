package collector_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/go-holmes/holmes/collector"

// rooms are the packages and what of this module each may import, beside what
// lies below itself.
var rooms = map[string][]string{
	".":         {},
	"api":       {".", "flame", "merge", "safepprof"},
	"cmd":       {".", "api", "files", "flame", "merge", "pages", "safepprof", "server"},
	"files":     {"."},
	"flame":     {".", "merge"},
	"merge":     {".", "safepprof"},
	"pages":     {".", "flame", "merge", "safepprof"},
	"safepprof": {"."},
	"server":    {},
	"storetest": {"."},
}

// only are modules that few may import, and why.
var only = []struct {
	module string
	rooms  []string
	reason string
}{
	{"go.etcd.io/bbolt", []string{"files"}, "one package for each dependency"},
	{"go.uber.org/zap", []string{"api", "cmd", "files", "server"}, "what others log, they return"},
	{"github.com/klauspost/compress", []string{"safepprof"}, "one package for each dependency"},
	{"github.com/prometheus/client_golang", []string{"api"}, "the counters of one handler, not of the process"},
	{"github.com/stretchr/testify", []string{"storetest"}, "belongs to tests"},
	{"github.com/google/pprof", []string{"cmd", "flame", "merge", "pages"}, "nothing that comes in is decoded by it"},
	{"github.com/schollz/progressbar", []string{"cmd"}, "somebody is watching there alone"},
	{"github.com/go-holmes/holmes/internal/protowire", []string{"merge", "safepprof"}, "the one reader of protocol buffers"},
	{"github.com/go-holmes/holmes", []string{"cmd"}, "the domain is of its own: the wire is what both sides share"},
}

func TestImports(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		seen[roomOf(dir)] = true
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			checkImport(t, path, dir, name)
		}
		return nil
	})
	require.NoError(t, err)
	require.True(t, seen["."] && seen["api"] && seen["files"] && seen["cmd"])
}

func roomOf(dir string) string {
	room, _, _ := strings.Cut(dir, "/")
	return room
}

func checkImport(t *testing.T, path, dir, name string) {
	t.Helper()
	room := roomOf(dir)
	allowed, known := rooms[room]
	require.True(t, known, "%s: the room %q is not in the table", path, room)
	if rest, ours := strings.CutPrefix(name, module); ours {
		to := strings.TrimPrefix(rest, "/")
		if to == "" {
			to = "."
		}
		ok := roomOf(to) == room || slices.Contains(allowed, roomOf(to))
		require.True(t, ok, "%s imports %s: %q may import %v", path, name, room, allowed)
		return
	}
	if first, _, _ := strings.Cut(name, "/"); !strings.Contains(first, ".") {
		return // the standard library
	}
	for _, o := range only {
		if name == o.module || strings.HasPrefix(name, o.module+"/") {
			ok := slices.ContainsFunc(o.rooms, func(r string) bool { return dir == r || strings.HasPrefix(dir, r+"/") })
			require.True(t, ok, "%s imports %s: %s", path, name, o.reason)
			return
		}
	}
	require.Fail(t, "a new dependency needs its reason in the table", "%s imports %s", path, name)
}
