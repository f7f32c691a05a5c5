package api_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// A download can be resumed, and need not be repeated.
func TestDownload(t *testing.T) {
	w := newWorld(t)
	cpu := profileOf(t, "cpu", taken())
	var answer profefeAnswer
	require.NoError(t, json.Unmarshal([]byte(w.post("/api/0/profiles?service=shop&type=cpu", cpu).body), &answer))
	path := "/api/0/profiles/" + answer.Body.ID
	whole := w.get(path)
	require.Equal(t, string(cpu), whole.body)
	require.Contains(t, whole.header.Get("Cache-Control"), "private")
	rest := w.do(http.MethodGet, path, nil, "Range", "bytes=10-")
	require.Equal(t, http.StatusPartialContent, rest.status)
	require.Equal(t, string(cpu[10:]), rest.body)
	again := w.do(http.MethodGet, path, nil, "If-None-Match", whole.header.Get("ETag"))
	require.Equal(t, http.StatusNotModified, again.status)
	head := w.do(http.MethodHead, path, nil)
	require.Equal(t, http.StatusOK, head.status)
	require.Empty(t, head.body)
}
