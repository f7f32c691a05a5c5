package holmes_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/testkit"
)

const operations = "docs/operations.md"

// documented returns what stands between backticks in the first cells of the tables
// below a headline of docs/operations.md.
func documented(t *testing.T, headline string) (all []string) {
	t.Helper()
	text := string(testkit.Must(os.ReadFile(operations))(t))
	_, section, found := strings.Cut(text, "\n## "+headline+"\n")
	require.True(t, found, headline)
	section, _, _ = strings.Cut(section, "\n## ")
	for _, row := range regexp.MustCompile(`(?m)^\| (.*?) \|`).FindAllStringSubmatch(section, -1) {
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			all = append(all, name[1])
		}
	}
	require.NotEmpty(t, all, headline)
	return all
}

// sources calls see for every node of the library's own source.
func sources(t *testing.T, see func(path string, n ast.Node)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "bench", "bin", "collector", "example", "reporters", "scripts", "testdata", "tools"}, d.Name()):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			see(filepath.ToSlash(path), n)
			return true
		})
		return nil
	})
	require.NoError(t, err)
}

var verb = regexp.MustCompile(`%[.0-9]*[a-z]`)

// message returns what a line of the log says, with "..." for what differs from line to
// line, or "" if e has no text of its own.
func message(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return ""
		}
		text, _ := strconv.Unquote(e.Value)
		text = strings.ReplaceAll(verb.ReplaceAllString(text, "..."), "%%", "%")
		return strings.ReplaceAll(text, "\n", " ")
	case *ast.BinaryExpr:
		left, right := message(e.X), message(e.Y)
		if left+right == "" {
			return ""
		}
		return orDots(left) + orDots(right)
	default:
		return ""
	}
}

func orDots(text string) string {
	if text == "" {
		return "..."
	}
	return text
}

// messages returns the messages of the library's log.
func messages(t *testing.T) map[string]string {
	t.Helper()
	// Where each method has its format. What Report says is before the reason.
	format := map[string]int{"Debugf": 0, "Infof": 0, "Warnf": 0, "logf": 0, "OnCause": 1, "Begin": 1, "End": 1, "Report": 0}
	out := map[string]string{}
	sources(t, func(path string, n ast.Node) {
		f, isFunc := n.(*ast.FuncDecl)
		if isFunc && f.Name.Name == "warnings" { // which follow logs
			ast.Inspect(f, func(n ast.Node) bool {
				if text, _ := n.(*ast.BasicLit); text != nil && verb.MatchString(text.Value) {
					out[message(text)] = path
				}
				return true
			})
		}
		call, isCall := n.(*ast.CallExpr)
		if !isCall || path == "internal/supervise/log.go" {
			return
		}
		name := ""
		switch f := call.Fun.(type) {
		case *ast.SelectorExpr:
			name = f.Sel.Name
		case *ast.Ident:
			name = f.Name
		}
		at, known := format[name]
		if !known || len(call.Args) <= at {
			return
		}
		text := message(call.Args[at])
		switch {
		case name == "Report" && text == "":
			return // another Report
		case name == "Report":
			text += ": ..."
		default:
			require.NotEmpty(t, text, "%s: a message that is not known here", path)
		}
		if strings.Trim(text, ".: ") != "" { // else it passes another message on
			out[text] = path
		}
	})
	return out
}

// Each sentence of a verdict, and each caveat, is in docs/operations.md, by the words
// that are the same in all of its forms.
func TestVerdictsAreDocumented(t *testing.T) {
	documented := strings.Join(documented(t, "What an event says"), "\n")
	found := 0
	var missing []string
	sources(t, func(path string, n ast.Node) {
		text, isText := n.(*ast.BasicLit)
		switch {
		case !isText || text.Kind != token.STRING:
			return
		case path == "event/groups.go":
		case slices.Contains([]string{"diagnose/compared.go", "diagnose/name.go", "diagnose/parts.go"}, path), filepath.Dir(path) != "diagnose":
			return
		}
		for words := range strings.SplitSeq(message(text), "...") {
			if words = strings.Trim(words, " :"); strings.Count(words, " ") < 2 {
				continue
			}
			if found++; !strings.Contains(documented, words) {
				missing = append(missing, path+": "+words)
			}
		}
	})
	require.Empty(t, missing, "sentences without a row in %s", operations)
	require.Greater(t, found, 15)
}

// Each line of the log is in docs/operations.md, with what to do.
func TestLogLinesAreDocumented(t *testing.T) {
	lines := documented(t, "Log lines")
	for text, path := range messages(t) {
		require.Contains(t, lines, text, "%s: a line without a row in %s", path, operations)
	}
}

// So is each reason of an event, and each signal.
func TestReasonsAndSignalsAreDocumented(t *testing.T) {
	codes, signals := documented(t, "Reasons"), documented(t, "Signals")
	var n int
	sources(t, func(path string, node ast.Node) {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return
		}
		name, value := spec.Names[0].Name, message(spec.Values[0])
		switch {
		case value == "":
		case strings.HasPrefix(name, "Code") && strings.HasPrefix(path, "detect/"):
			require.Contains(t, codes, value, name)
			n++
		case strings.HasPrefix(name, "Signal") && (strings.HasPrefix(path, "detect/") || strings.HasPrefix(path, "event/")):
			require.Contains(t, signals, value, name)
			n++
		}
	})
	require.GreaterOrEqual(t, n, 15)
}
