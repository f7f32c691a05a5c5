package holmes_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/go-holmes/holmes"

// directions are the rooms' walls: who may not import what, and why.
var directions = []struct {
	of     string // a folder and all below it; "." is the root package alone
	not    []string
	reason string
}{
	{"cgroup", []string{module}, "a room below the root never looks up"},
	{"dump", []string{module}, "a room below the root never looks up"},
	{"diagnose", []string{module}, "a room below the root never looks up"},
	{"internal", []string{module}, "a room below the root never looks up"},
	{"dump", []string{"net", "net/http"}, "the evidence store has no network"},
	{"diagnose", []string{"os", "net", "net/http"}, "diagnosis is pure"},
	{".", []string{"net/http", "testing", "go.uber.org/zap", module + "/reporters"}, "the library stays light, and a reporter can be left out"},
	{"handler", []string{"testing", module + "/reporters", module + "/internal/monitor", module + "/internal/incident"}, "the handler shows what the public API tells"},
	{"reporters", []string{"go.uber.org/zap", "github.com/shirou/gopsutil/v3"}, "reporters use the standard library; an SDK gets a module of its own"},
}

// rooms are the packages that the library is made of, in order: each may import
// only those before it, and the root all of them.
var rooms = []string{
	"internal/humanize",
	"internal/supervise",
	"detect",
	"event",
	"internal/measure",
	"internal/eventstore",
	"internal/brakes",
	"internal/capture",
	"internal/delivery",
	"internal/baseline",
	"internal/incident",
	"internal/monitor",
}

// only are modules that a single folder may import.
var only = map[string][]string{
	"github.com/shirou/gopsutil/v3": {"internal/procstat"},
	"go.uber.org/zap":               {"example"},
	"github.com/stretchr/testify":   {"internal/proftest", "internal/testkit", "reporters/reportertest"},
	"go.uber.org/goleak":            {"internal/testkit"},
	module + "/internal/testkit":    {}, // tests have it alone
}

// fileImports returns the imports of every non-test file, for all systems, by
// folder.
func fileImports(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains([]string{"testdata", ".git", "bench", "collector", "watch", "tools", "bin"}, d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			dir := filepath.ToSlash(filepath.Dir(p))
			out[dir] = append(out[dir], name)
		}
		return nil
	})
	require.NoError(t, err)
	require.Contains(t, out, ".")
	return out
}

func below(dir, root string) bool {
	return dir == root || (root != "." && strings.HasPrefix(dir, root+"/"))
}

func TestForbiddenImports(t *testing.T) {
	for dir, imports := range fileImports(t) {
		for _, name := range imports {
			for _, d := range directions {
				if below(dir, d.of) {
					require.NotContains(t, d.not, name, "%s: %s", dir, d.reason)
				}
			}
			for mod, allowed := range only {
				if name == mod || strings.HasPrefix(name, mod+"/") {
					ok := slices.ContainsFunc(allowed, func(a string) bool { return below(dir, a) })
					require.True(t, ok, "%s imports %s, which only %v may", dir, name, allowed)
				}
			}
			first, _, _ := strings.Cut(name, "/")
			if strings.Contains(first, ".") && !strings.HasPrefix(name, module) {
				known := slices.ContainsFunc(slices.Collect(keys(only)), func(mod string) bool { return strings.HasPrefix(name, mod) })
				require.True(t, known, "%s imports %s: a new dependency needs its reason here and in the changelog", dir, name)
			}
		}
	}
}

// A room is its package and all below it. What it imports counts with all that that
// imports, so that no other package leads back into a later room.
func TestRoomsImportDownwards(t *testing.T) {
	args := []string{"list", "-f", "{{.ImportPath}} {{join .Deps \" \"}}"}
	for _, room := range rooms {
		require.Contains(t, fileImports(t), room, "a room that is gone")
		args = append(args, "./"+room+"/...")
	}
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	require.NoError(t, err)
	roomOf := func(pkg string) int {
		return slices.IndexFunc(rooms, func(room string) bool { return below(pkg, module+"/"+room) })
	}
	for line := range strings.Lines(string(out)) {
		pkg, deps, _ := strings.Cut(strings.TrimSpace(line), " ")
		for dep := range strings.FieldsSeq(deps) {
			require.LessOrEqual(t, roomOf(dep), roomOf(pkg), "%s imports %s, if not itself, then by another package", pkg, dep)
			if roomOf(pkg) == slices.Index(rooms, "detect") && strings.HasPrefix(dep, module) {
				require.Contains(t, []string{module + "/detect", module + "/internal/humanize"}, dep, "%s is for programs that want nothing else", pkg)
			}
		}
	}
}

// The packages beside the rooms are below them, or use the root: none has a room of its
// own accord but for the two public ones, which those that use the root may have.
func TestOnlyTheRootImportsRooms(t *testing.T) {
	isRoom := func(dir string) bool {
		return slices.ContainsFunc(rooms, func(room string) bool { return below(dir, room) })
	}
	for dir, imports := range fileImports(t) {
		if dir == "." || isRoom(dir) {
			continue
		}
		beside := !slices.Contains([]string{"cgroup", "dump", "diagnose", "internal"}, strings.Split(dir, "/")[0])
		for _, name := range imports {
			of := strings.TrimPrefix(name, module+"/")
			public := beside && (of == "detect" || of == "event")
			require.False(t, of != name && isRoom(of) && !public, "%s imports the room %s", dir, of)
		}
	}
}

// Durations are values, clocks are not.
func TestDiagnosisHasNoClock(t *testing.T) {
	files, err := filepath.Glob("diagnose/*.go")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == "time" {
					require.Contains(t, []string{"Duration", "Second"}, s.Sel.Name, name)
				}
			}
			return true
		})
	}
}

func keys(m map[string][]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// Direct and transitive dependencies of the root.
func TestForbiddenDependenciesOfTheRoot(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	require.NoError(t, err)
	deps := strings.Fields(string(out))
	require.Contains(t, deps, module)
	for _, bad := range []string{
		"net/http", "testing", "go.uber.org/zap", "text/template", "html/template",
		"github.com/google/pprof/profile", // compiles regular expressions at the start of every program
	} {
		require.NotContains(t, deps, bad)
	}
	for _, d := range deps {
		require.False(t, strings.HasPrefix(d, path.Join(module, "reporters")), "%s", d)
	}
}
