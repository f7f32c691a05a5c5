package api_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/api"
)

// The documentation of the package and the README list the routes that there are, and no
// others; the README says the token of each.
func TestRoutesAreDocumented(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Sweep = func() (int, error) { return 0, nil } })
	needs := map[string]string{"anything": "none", "reading": "read", "writing": "write", "triggering": "trigger"}
	tokens := map[string]string{} // by route
	for pattern, right := range w.handler.Routes() {
		if strings.HasPrefix(pattern, "GET /debug/pprof") {
			pattern = "GET /debug/pprof"
		}
		tokens[plainRoute(pattern)] = needs[right]
	}
	require.Greater(t, len(tokens), 20)

	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^//\t(GET|POST) +(/[^\s?\[]*)`).FindAllStringSubmatch(string(doc), -1) {
		documented[plainRoute(m[1]+" "+m[2])] = true
	}
	for route := range tokens {
		require.True(t, documented[route], "doc.go lacks %s", route)
	}
	for route := range documented {
		require.Contains(t, tokens, route, "doc.go has a route that there is not")
	}

	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	listed := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(GET|POST) (/[^`?]*)[^`]*` \\| (\\w+) \\|").FindAllStringSubmatch(string(readme), -1) {
		listed[plainRoute(m[1]+" "+m[2])] = m[3]
	}
	require.Equal(t, tokens, listed, "the table of routes in README.md")
}

// plainRoute is a route without the names of its parts, and without a slash at its end.
func plainRoute(route string) string {
	route = regexp.MustCompile(`<[^>]*>|\{[^}]*\}`).ReplaceAllString(route, "<>")
	return strings.TrimRight(route, "/")
}
