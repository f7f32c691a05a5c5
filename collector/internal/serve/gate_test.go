package serve

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/api"
)

func TestProtected(t *testing.T) {
	for tokens, want := range map[api.Tokens]bool{{}: false, {Read: "r"}: false, {Write: "w"}: false, {Read: "r", Write: "w"}: true} {
		require.Equal(t, want, (&Config{Tokens: tokens}).protected(), tokens)
	}
}

// The process is alive while the store is being opened.
func TestGate(t *testing.T) {
	g := new(gate)
	ask := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		return w
	}
	require.Equal(t, 200, ask("/healthz").Code)
	g.report(17, 400)
	a := ask("/readyz")
	require.Equal(t, 503, a.Code)
	require.NotEmpty(t, a.Header().Get("Retry-After"))
	require.Contains(t, a.Body.String(), "reading 17 of 400 files")
	g.drain()
}
