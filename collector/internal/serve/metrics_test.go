package serve

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/internal/units"
)

// All metrics are as Prometheus wants them, and are those of the table in the README.
func TestMetricsAreThoseOfTheReadme(t *testing.T) {
	s := newSecret(t)
	s.replace("holmes", "")
	c := Default()
	c.Addr, c.Data, c.TLSCert, c.TLSKey = "127.0.0.1:0", t.TempDir(), s.path("tls.crt"), s.path("tls.key")
	c.Tokens, c.RollupBytes = api.Tokens{Write: "w", Read: "r"}, units.Size(1<<20)
	l := &listeners{config: &c, log: zap.NewNop()}
	require.NoError(t, l.open(t.Context()))
	defer func() { require.NoError(t, l.main.Close()) }()
	store, err := c.openStore(t.Context(), &l.gate, zap.NewNop())
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	merger, err := c.openMerger(store, zap.NewNop())
	require.NoError(t, err)
	handler, err := c.handler(t.Context(), store, merger, l, new(atomic.Bool), zap.NewNop())
	require.NoError(t, err)
	ask := func(method, path, token string) string {
		r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
		r.SetBasicAuth("any", token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Body.String()
	}
	ask(http.MethodPost, "/api/0/profiles?service=shop&type=cpu", "w") // is refused
	text := ask(http.MethodGet, "/metrics", "r")

	problems, err := promlint.New(strings.NewReader(text)).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)

	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	require.NoError(t, err)
	raw, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	listed := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(holmes_[a-z_]+)` \\| (\\w+) \\| (.*) \\|$").FindAllStringSubmatch(string(raw), -1) {
		listed[row[1]] = row[2:]
	}
	for name, family := range families {
		if !strings.HasPrefix(name, "holmes_") {
			continue
		}
		require.Contains(t, listed, name, "the table in collector/README.md lacks it")
		require.Equal(t, []string{strings.ToLower(family.GetType().String()), family.GetHelp()}, listed[name], name)
	}
	for name := range listed {
		require.Contains(t, families, name, "the table in collector/README.md has it")
	}
}
