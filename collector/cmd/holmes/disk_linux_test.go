package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/go-holmes/holmes/reporters"
	"github.com/go-holmes/holmes/reporters/reportertest"
	"github.com/stretchr/testify/require"
)

// With the settings that it has by itself, a server whose disk is far smaller than
// max-bytes goes on when the disk is full: each upload is stored, the oldest profiles
// go, the event stays, and a start finds what was left.
func TestServeOnAFullDisk(t *testing.T) {
	const megabytes = 4
	disk := testkit.Tmpfs(t, fmt.Sprintf("size=%dm", megabytes))
	dir := filepath.Join(disk, "data")
	p := serving(t, dir, nil)
	r, err := reporters.NewHTTP(p.url + "/api/1/events")
	require.NoError(t, err)
	e := reportertest.DiskEvent(t)
	require.NoError(t, r.Report(t.Context(), e))

	raw := proftest.Small().Bytes(20, make([]byte, 50_000)) // with a field of a later version: large, and merged at once
	uploads := 2 * megabytes << 20 / len(raw)
	send := func() string {
		status, text, err := p.request(http.MethodPost, "/api/0/profiles?service=shop&type=cpu", bytes.NewReader(raw))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status, text)
		var answer struct{ Body struct{ ID string } }
		require.NoError(t, json.Unmarshal([]byte(text), &answer))
		return answer.Body.ID
	}
	first, last := send(), ""
	for range uploads {
		last = send()
	}
	answers := func() {
		t.Helper()
		for path, want := range map[string]int{
			"/readyz": 200, "/api/0/profiles/" + first: 404, "/api/0/profiles/" + last: 200, "/api/1/events/" + e.ID: 200,
			"/api/1/merge?service=shop&type=cpu": 200, "/flame?service=shop&type=cpu": 200, "/": 200,
		} {
			status, text, err := p.request(http.MethodGet, path, nil)
			require.NoError(t, err)
			require.Equal(t, want, status, "%s: %.300s", path, text)
		}
	}
	answers()
	_, text, err := p.request(http.MethodGet, "/metrics", nil)
	require.NoError(t, err)
	removed := regexp.MustCompile(`(?m)^holmes_store_removed_total\{cause="disk",class="(\w+)"\} (\d+)$`).FindAllStringSubmatch(text, -1)
	require.Len(t, removed, 2)
	require.Equal(t, []string{"event", "0"}, removed[0][1:])
	require.Equal(t, "profile", removed[1][1])
	require.NotEqual(t, "0", removed[1][2])
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.wait())

	p = serving(t, dir, nil)
	answers()
	last = send()
	answers()
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.wait())
}
