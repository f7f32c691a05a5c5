package api_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/go-holmes/holmes/collector/api"
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
