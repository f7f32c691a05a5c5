package holmes_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/testkit"
)

// Every test and benchmark that docs/promises.md names exists, and every promise names one.
func TestPromisesNameTheirTests(t *testing.T) {
	text := testkit.Must(os.ReadFile(filepath.Join("docs", "promises.md")))(t)
	promises := regexp.MustCompile(`(?m)^\| \*\*.*$`).FindAll(text, -1)
	require.GreaterOrEqual(t, len(promises), 26)
	test := regexp.MustCompile("`([a-z/.]+) ((?:Test|Benchmark)[A-Za-z0-9]+)`")
	known := map[string][]string{} // the tests of each package
	seen := map[string]bool{}
	for _, promise := range promises {
		said, _, _ := strings.Cut(string(promise), ".**")
		require.False(t, seen[said], "%s has two rows", said)
		seen[said] = true
		tests := test.FindAllSubmatch(promise, -1)
		require.NotEmpty(t, tests, "%s", promise)
		for _, m := range tests {
			folder, name := string(m[1]), string(m[2])
			if known[folder] == nil {
				known[folder] = testsOf(t, folder)
			}
			require.Contains(t, known[folder], name, folder)
		}
	}
}

// testsOf returns the names of all tests and benchmarks of a package.
func testsOf(t *testing.T, folder string) (names []string) {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Benchmark)\w+)\([tb] \*testing\.[TB]\)`)
	paths := testkit.Must(filepath.Glob(filepath.Join(filepath.FromSlash(folder), "*_test.go")))(t)
	for _, path := range paths {
		raw := testkit.Must(os.ReadFile(path))(t)
		for _, m := range declared.FindAllSubmatch(raw, -1) {
			names = append(names, string(m[1]))
		}
	}
	return names
}
