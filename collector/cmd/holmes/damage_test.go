package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/internal/command"
	"github.com/go-holmes/holmes/collector/internal/serve"
)

// One bad byte in one profile leaves out that profile: merges and pages of its window
// answer, the roll-ups of all services are made, and holmes check names it.
func TestServeWithOneBadByte(t *testing.T) {
	dir := t.TempDir()
	raw, _ := oldProfile(t)
	p := serving(t, dir, nil)
	for _, service := range []string{"aaa", "web", "zzz"} {
		p.upload(service, raw, 6)
	}
	p.stop()
	require.Zero(t, call(t, nil, "check", dir).code)

	paths, err := filepath.Glob(filepath.Join(dir, "blobs", "*", "*"))
	require.NoError(t, err)
	damaged := paths[8] // one of web's
	content, err := os.ReadFile(damaged)
	require.NoError(t, err)
	content[100] ^= 1
	require.NoError(t, os.WriteFile(damaged, content, 0o600))
	got := call(t, nil, "check", dir)
	require.Equal(t, command.ExitError, got.code)
	require.Contains(t, got.out, damaged)
	require.Contains(t, got.out, "of service web, cpu.pb.gz")
	require.Contains(t, got.err, "1 damaged, of 18 uploads")

	p = serving(t, dir, nil)
	for _, service := range []string{"aaa", "web", "zzz"} {
		status, text, err := p.request(http.MethodGet, "/api/1/merge?type=cpu&service="+service, nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status, text)
		status, text, err = p.request(http.MethodGet, "/flame?type=cpu&service="+service, nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status, text)
	}
	require.Eventually(t, func() bool {
		made, err := filepath.Glob(filepath.Join(dir, serve.RollupsDir, "*", "*"))
		return err == nil && len(made) == 6
	}, 30*time.Second, 10*time.Millisecond, "an hour and a day of each service")
	_, text, err := p.request(http.MethodGet, "/metrics", nil)
	require.NoError(t, err)
	require.Contains(t, text, "holmes_store_damaged 1\n")
	require.Equal(t, 1, strings.Count(text, "\nholmes_store_damaged "))
	p.stop()
	require.FileExists(t, filepath.Join(dir, "damaged", filepath.Base(damaged)))
	require.Zero(t, call(t, nil, "check", dir).code)
	require.Equal(t, command.ExitUsage, call(t, nil, "check").code)
}
