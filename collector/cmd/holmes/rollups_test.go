package main

import (
	"bytes"
	"fmt"
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

	"github.com/go-holmes/holmes/collector/internal/serve"
)

// A collector makes roll-ups of an hour that has ended, and answers from them.
func TestServeRollups(t *testing.T) {
	dir := t.TempDir()
	one, err := profile.ParseData(proftest.Real(t)["sort-cpu"])
	require.NoError(t, err)
	one.TimeNanos = time.Now().Add(-50 * time.Hour).UnixNano() // its day has ended, too
	var raw bytes.Buffer
	require.NoError(t, one.Write(&raw))
	p := serving(t, dir, nil)
	for range 5 {
		status, text, err := p.request(http.MethodPost, "/api/0/profiles?service=shop&type=cpu",
			bytes.NewReader(raw.Bytes()))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status, text)
	}
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.wait())

	p = serving(t, dir, nil)
	require.Eventually(t, func() bool {
		made, err := filepath.Glob(filepath.Join(dir, serve.RollupsDir, "*", "*"))
		return err == nil && len(made) == 2 && !strings.HasSuffix(fmt.Sprint(made), ".partial]")
	}, 30*time.Second, 10*time.Millisecond, "its hour and its day")
	blobs, err := filepath.Glob(filepath.Join(dir, "blobs", "*", "*"))
	require.NoError(t, err)
	require.Len(t, blobs, 5)
	for _, blob := range blobs {
		require.NoError(t, os.Truncate(blob, 0)) // only the roll-ups can be read
	}
	status, text, err := p.request(http.MethodGet, "/api/1/merge?service=shop&type=cpu", nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status, text)
	merged, err := profile.Parse(strings.NewReader(text))
	require.NoError(t, err)
	require.Equal(t, 5*one.DurationNanos, merged.DurationNanos)
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.wait())
}
