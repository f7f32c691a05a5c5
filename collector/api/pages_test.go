package api_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/api"
)

// Pages get the requests without a route, behind the same token.
func TestPages(t *testing.T) {
	w := newWorld(t, func(c *api.Config) {
		c.Tokens.Read = tokens.Read
		c.Pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "page "+r.URL.Path) })
	})
	for path, page := range map[string]bool{
		"/": true, "/services/shop": true, "/events/x.svg": true, "/apix": true,
		"/api/1/profiles": false, "/api/1/nothing": false, "/ingest": false, "/healthz": false,
	} {
		a := w.do(http.MethodGet, path, nil, bearer(tokens.Read)...)
		require.Equal(t, page, strings.HasPrefix(a.body, "page "), "%s: %s", path, a.body)
		if page {
			require.Equal(t, http.StatusUnauthorized, w.get(path).status)
		}
	}
	require.Equal(t, http.StatusNotFound, w.post("/services/shop", nil).status)
}
