package api_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/merge"
)

// One profile and one service are deleted by a POST with the token, and the log says
// by whom.
func TestDelete(t *testing.T) {
	core, logged := observer.New(zap.InfoLevel)
	w := newWorld(t, func(c *api.Config) { c.Tokens, c.Log = tokens, zap.New(core) })
	ids := map[string]string{}
	for _, service := range []string{"a", "b", "b"} {
		a := w.post("/api/0/profiles?type=cpu&service="+service, profileOf(t, "cpu", taken()), bearer(tokens.Write)...)
		require.Equal(t, 200, a.status, a.body)
		var answer struct{ Body struct{ ID string } }
		require.NoError(t, json.Unmarshal([]byte(a.body), &answer))
		ids[service] = answer.Body.ID
	}
	for _, path := range []string{"/api/1/delete", "/api/1/delete?service=a&profile=" + ids["a"], "/api/1/keep?service=a", "/api/1/keep?how=x&event=e"} {
		require.Equal(t, 400, w.post(path, nil, bearer(tokens.Trigger)...).status, path)
	}
	require.Equal(t, 403, w.post("/api/1/delete?service=a", nil, bearer(tokens.Read)...).status)
	require.Equal(t, 405, w.do("GET", "/api/1/delete?service=a", nil, bearer(tokens.Trigger)...).status)
	require.Equal(t, 404, w.post("/api/1/delete?profile=x", nil, bearer(tokens.Trigger)...).status)
	require.Equal(t, 200, w.post("/api/1/keep?profile="+ids["a"], nil, bearer(tokens.Trigger)...).status)
	require.Equal(t, 200, w.post("/api/1/delete?profile="+ids["a"], nil, bearer(tokens.Trigger)...).status)
	require.Equal(t, 404, w.do("GET", "/api/0/profiles/"+ids["a"], nil, bearer(tokens.Read)...).status)
	a := w.post("/api/1/delete?service=b", nil, "Authorization", "Basic YWxpY2U6dC1zZWNyZXQ=") // alice:t-secret
	require.Equal(t, 200, a.status)
	require.JSONEq(t, `{"uploads":2,"bytes":8192}`, a.body)
	a = w.do("GET", "/api/0/services", nil, bearer(tokens.Read)...)
	require.NotContains(t, a.body, `"b"`)
	lines := logged.FilterMessage("deleted").FilterField(zap.String("service", "b")).All()
	require.Len(t, lines, 1)
	require.Equal(t, "audit", lines[0].LoggerName)
	fields := lines[0].ContextMap()
	require.Equal(t, "alice", fields["user"])
	require.Contains(t, fields["client"], "127.0.0.1:")
	require.EqualValues(t, 2, fields["uploads"])
}

// A service of which only roll-ups remain is in the list, answers, and is deleted with a
// count of them.
func TestDeleteWhatOutlived(t *testing.T) {
	var merger *merge.Merger
	w := newWorld(t, func(c *api.Config) {
		var err error
		merger, err = merge.New(merge.Config{Store: c.Store, Dir: testkit.FastDir(t), Now: c.Now})
		require.NoError(t, err)
		c.Merger = merger
	})
	for n := range 5 {
		require.Equal(t, 200, w.post("/api/0/profiles?service=gone&type=cpu", profileOf(t, "cpu", taken().Add(time.Duration(n)*time.Minute))).status)
	}
	round, err := merger.Roller().Round(t.Context())
	require.NoError(t, err)
	require.Positive(t, round.Files)
	for m, err := range w.store.Find(t.Context(), everything()) {
		require.NoError(t, err)
		_, err := w.store.Delete(t.Context(), collector.Selection{Profile: m.ID}) // as retention does
		require.NoError(t, err)
	}
	require.Equal(t, "5", w.get("/api/1/merge?service=gone&type=cpu&format=top").header.Get("X-Holmes-Profiles"))
	require.JSONEq(t, `{"code":200,"body":["gone"]}`, w.get("/api/0/services").body)

	var done struct {
		Uploads, Rollups int
		Bytes            int64
		RollupBytes      int64 `json:"rollup_bytes"`
	}
	a := w.post("/api/1/delete?service=gone", nil)
	require.NoError(t, json.Unmarshal([]byte(a.body), &done), a.body)
	require.Zero(t, done.Uploads)
	require.Zero(t, done.Bytes)
	require.Equal(t, round.Files, done.Rollups)
	require.Equal(t, round.Bytes, done.RollupBytes)
	require.Equal(t, 404, w.get("/api/1/merge?service=gone&type=cpu&format=top").status)
	require.JSONEq(t, `{"code":200,"body":[]}`, w.get("/api/0/services").body)
	require.JSONEq(t, `{"uploads":0,"bytes":0}`, w.post("/api/1/delete?service=gone", nil).body)
}
