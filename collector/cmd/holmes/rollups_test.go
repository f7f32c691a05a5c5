package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/internal/serve"
)

// A collector makes roll-ups of an hour that has ended, and answers from them.
func TestServeRollups(t *testing.T) {
	dir := t.TempDir()
	raw, duration := oldProfile(t)
	p := serving(t, dir, nil)
	p.upload("shop", raw, 5)
	p.stop()

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
	require.Equal(t, 5*duration, merged.DurationNanos)
	p.stop()
}
