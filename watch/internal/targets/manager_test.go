package targets_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/go-holmes/holmes/watch/internal/config"
	"github.com/go-holmes/holmes/watch/internal/targets"
)

// Static, file and HTTP discovery, and a target that leaves.
func TestManager(t *testing.T) {
	list := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `[{"targets": ["10.0.0.3:1"], "labels": {"service": "http"}}]`)
	}))
	t.Cleanup(list.Close)
	file := filepath.Join(t.TempDir(), "targets.yml")
	write := func(text string) {
		require.NoError(t, os.WriteFile(file+".new", []byte(text), 0o600))
		require.NoError(t, os.Rename(file+".new", file))
	}
	write("- targets: ['10.0.0.2:1', '10.0.0.2:2']\n")
	c, err := config.Parse([]byte(`scrape_configs:
- {job_name: static, static_configs: [{targets: ["10.0.0.1:1", "no@host:1"]}]}
- {job_name: file, file_sd_configs: [{files: ["` + file + `"], refresh_interval: 1s}]}
- {job_name: http, http_sd_configs: [{url: "` + list.URL + `"}]}
`))
	require.NoError(t, err)
	core, logs := observer.New(zap.WarnLevel)
	m, err := targets.NewManager(zap.New(core), prometheus.NewRegistry())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	lists, ended := make(chan []*targets.Target), make(chan error, 1)
	go func() {
		ended <- m.Run(ctx, c.Jobs, func(l []*targets.Target) {
			select {
			case lists <- l:
			case <-ctx.Done():
			}
		})
	}()
	await := func(want ...string) {
		t.Helper()
		for got := range lists {
			var addresses []string
			for _, x := range got {
				addresses = append(addresses, x.Service()+" "+x.Address)
			}
			if fmt.Sprint(addresses) == fmt.Sprint(want) {
				return
			}
		}
	}
	await("static 10.0.0.1:1", "file 10.0.0.2:1", "file 10.0.0.2:2", "http 10.0.0.3:1")
	write("- targets: ['10.0.0.2:2']\n")
	await("static 10.0.0.1:1", "file 10.0.0.2:2", "http 10.0.0.3:1")
	require.NotZero(t, logs.FilterMessage("A discovered target is not watched.").Len())
	cancel()
	require.NoError(t, <-ended)
	http.DefaultClient.CloseIdleConnections()

	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	require.NoError(t, m.Run(ctx, c.Jobs, func([]*targets.Target) {}), "again, after a reload")
}
