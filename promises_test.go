package holmes_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every test that docs/promises.md names exists, and every promise names one.
func TestPromisesNameTheirTests(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("docs", "promises.md"))
	require.NoError(t, err)
	promises := regexp.MustCompile(`(?m)^\| \*\*.*$`).FindAll(text, -1)
	require.GreaterOrEqual(t, len(promises), 26)
	test := regexp.MustCompile("`([a-z/.]+) (Test[A-Za-z0-9]+)`")
	sources := map[string]string{} // of the tests of a package
	for _, promise := range promises {
		tests := test.FindAllSubmatch(promise, -1)
		require.NotEmpty(t, tests, "%s", promise)
		for _, m := range tests {
			folder, name := string(m[1]), string(m[2])
			if sources[folder] == "" {
				sources[folder] = testsOf(t, folder)
			}
			require.True(t, strings.Contains(sources[folder], "\nfunc "+name+"(t *testing.T)"), "%s has no %s", folder, name)
		}
	}
}

// testsOf returns the source of all tests of a package.
func testsOf(t *testing.T, folder string) (all string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(filepath.FromSlash(folder), "*_test.go"))
	require.NoError(t, err)
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		all += string(raw)
	}
	return all
}
