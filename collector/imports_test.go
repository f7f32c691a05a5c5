package collector_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/go-holmes/holmes/collector"

// rooms are the folders and the packages of this module that each may import. A
// folder below another one of the table is a room of its own.
var rooms = map[string][]string{
	".":                {},
	"api":              {".", "internal/push", "internal/render", "internal/units", "merge", "safepprof"},
	"cmd":              {"internal/command"},
	"files":            {"."},
	"flame":            {"."},
	"internal/command": {".", "api", "files", "flame", "internal/demo", "internal/render", "internal/serve", "internal/source", "internal/term", "internal/units", "merge", "server"},
	"internal/demo":    {".", "api", "internal/serve", "internal/source", "internal/term"},
	"internal/push":    {"."},
	"internal/render":  {".", "flame", "merge", "safepprof"},
	"internal/serve":   {".", "api", "files", "internal/render", "internal/units", "merge", "pages", "safepprof", "server"},
	"internal/source":  {".", "api", "internal/units"},
	"internal/term":    {},
	"internal/units":   {},
	"merge":            {".", "safepprof"},
	"pages":            {".", "flame", "internal/render", "internal/units", "merge"},
	"safepprof":        {"."},
	"server":           {},
	"storetest":        {"."},
}

// only are modules that few may import, and why.
var only = []struct {
	module string
	rooms  []string
	reason string
}{
	{"go.etcd.io/bbolt", []string{"files"}, "one package for each dependency"},
	{"go.uber.org/zap", []string{"api", "files", "internal/command", "internal/demo", "internal/serve", "server"}, "other packages return what they would log"},
	{"github.com/klauspost/compress", []string{"safepprof"}, "one package for each dependency"},
	{"github.com/prometheus/client_golang", []string{"api", "internal/serve"}, "the counters of one server, not of the process"},
	{"github.com/stretchr/testify", []string{"storetest"}, "belongs to tests"},
	{"github.com/google/pprof", []string{"internal/command", "internal/source", "merge", "pages"}, "uploads are not decoded by it"},
	{"github.com/schollz/progressbar", []string{"internal/term"}, "only a terminal shows progress"},
	{"github.com/go-holmes/holmes/internal/protowire", []string{"internal/push", "merge", "safepprof"}, "the one reader of protocol buffers"},
	{"github.com/go-holmes/holmes", []string{"internal/command", "internal/demo", "internal/serve"}, "the collector and the library share the wire format only"},
}

func TestImports(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(file))
		seen[roomOf(dir)] = true
		for _, spec := range parsed.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			checkImport(t, file, dir, name)
		}
		return nil
	})
	require.NoError(t, err)
	require.True(t, seen["."] && seen["api"] && seen["files"] && seen["internal/source"])
}

// roomOf is the innermost room that a folder is in, or the folder if it is in none.
func roomOf(dir string) string {
	for d := dir; d != "."; d = path.Dir(d) {
		if _, ok := rooms[d]; ok {
			return d
		}
	}
	return dir
}

func checkImport(t *testing.T, file, dir, name string) {
	t.Helper()
	room := roomOf(dir)
	allowed, known := rooms[room]
	require.True(t, known, "%s: the room %q is not in the table", file, room)
	if rest, ours := strings.CutPrefix(name, module); ours {
		to := strings.TrimPrefix(rest, "/")
		if to == "" {
			to = "."
		}
		ok := roomOf(to) == room || slices.Contains(allowed, roomOf(to))
		require.True(t, ok, "%s imports %s: %q may import %v", file, name, room, allowed)
		return
	}
	if first, _, _ := strings.Cut(name, "/"); !strings.Contains(first, ".") {
		return // the standard library
	}
	for _, o := range only {
		if name == o.module || strings.HasPrefix(name, o.module+"/") {
			ok := slices.ContainsFunc(o.rooms, func(r string) bool { return dir == r || strings.HasPrefix(dir, r+"/") })
			require.True(t, ok, "%s imports %s: %s", file, name, o.reason)
			return
		}
	}
	require.Fail(t, "a new dependency needs its reason in the table", "%s imports %s", file, name)
}
