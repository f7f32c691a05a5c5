package serve

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/files"
	"github.com/go-holmes/holmes/collector/internal/units"
)

func TestProtected(t *testing.T) {
	for tokens, want := range map[api.Tokens]bool{{}: false, {Read: "r"}: false, {Write: "w"}: false, {Read: "r", Write: "w"}: true} {
		require.Equal(t, want, tokens.Protected(), tokens)
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
	g.prefix = "/holmes"
	require.Equal(t, 200, ask("/holmes/healthz").Code)
	require.Equal(t, 200, ask("/healthz").Code)
	require.Equal(t, 503, ask("/holmes/readyz").Code)
	for path, is := range map[string]bool{"/holmes/healthz": true, "/holmes/metrics": true, "/readyz": true, "/holmes/events": false, "/holmeshealthz": false} {
		require.Equal(t, is, g.isProbe(httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)), path)
	}
}

// A start says which bounds do not fit each other, or the disk.
func TestWarnOfRoom(t *testing.T) {
	dir := t.TempDir()
	store, err := files.Open(t.Context(), dir, files.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	for want, change := range map[string]func(*Config){
		"":            func(*Config) {},
		"too small":   func(c *Config) { c.MaxBytes = 1 << 50 },
		"the quotas":  func(c *Config) { c.Quotas = units.Quotas{"a": 2 << 20, "*": 1 << 40} },
		"events are ": func(c *Config) { c.EventAge = 1 },
	} {
		core, logged := observer.New(zap.WarnLevel)
		c := Default()
		c.Data, c.MaxBytes, c.RollupBytes, c.KeepFree = dir, 1<<20, 0, 0
		change(&c)
		c.warnOfRoom(store, zap.New(core))
		if want == "" {
			require.Zero(t, logged.Len())
			continue
		}
		require.Equal(t, 1, logged.Len(), want)
		require.Contains(t, logged.All()[0].Message, want)
	}
}
