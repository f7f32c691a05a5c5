package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/internal/command"
	"github.com/go-holmes/holmes/collector/internal/serve"
)

// One bad byte in one profile leaves out that profile: merges and pages of its window
// answer, the roll-ups of all services are made, and holmes check names it.
func TestServeWithOneBadByte(t *testing.T) {
	dir := t.TempDir()
	one, err := profile.ParseData(proftest.Real(t)["sort-cpu"])
	require.NoError(t, err)
	one.TimeNanos = time.Now().Add(-50 * time.Hour).UnixNano()
	var raw bytes.Buffer
	require.NoError(t, one.Write(&raw))
	p := serving(t, dir, nil)
	for _, service := range []string{"aaa", "web", "zzz"} {
		for range 6 {
			status, text, err := p.request(http.MethodPost, "/api/0/profiles?type=cpu&service="+service, bytes.NewReader(raw.Bytes()))
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, status, text)
		}
	}
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.wait())
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
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.wait())
	require.FileExists(t, filepath.Join(dir, "damaged", filepath.Base(damaged)))
	require.Zero(t, call(t, nil, "check", dir).code)
	require.Equal(t, command.ExitUsage, call(t, nil, "check").code)
}
