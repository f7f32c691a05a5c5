package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
)

// A collector opens the directory of the version before totals, answers from it, and
// adds up its profiles in the background.
func TestServeDirectoryOfAnEarlierVersion(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.CopyFS(dir, os.DirFS("../../files/testdata/v1")))
	p := serving(t, dir, nil, "-max-age", "0", "-event-age", "0")
	status, text, err := p.request(http.MethodGet, "/api/1/events", nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text, `"id":"e1"`)
	require.Eventually(t, func() bool {
		_, text, err := p.request(http.MethodGet, "/metrics", nil)
		return err == nil && strings.Contains(text, "\nholmes_store_totals_complete 1\n")
	}, 30*time.Second, 10*time.Millisecond)
	p.stop()

	s, err := files.Open(t.Context(), dir, files.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	totals := 0
	for m, err := range s.Find(t.Context(), collector.Query{}) {
		require.NoError(t, err)
		totals += len(m.Totals)
	}
	require.Equal(t, 8, totals, "two of each profile that is one")
}
