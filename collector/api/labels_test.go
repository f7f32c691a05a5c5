package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/api"
)

// fleet stores a profile a minute, of two versions and with a label whose name has a
// slash, and returns their IDs by version.
func fleet(t *testing.T, w *world) map[string][]string {
	t.Helper()
	ids := map[string][]string{}
	for n := range 4 {
		version := []string{"1.9", "2.0"}[n%2]
		labels := collector.Labels{{Key: "a/b", Value: "x"}, {Key: "instance", Value: fmt.Sprint("pod-", n)}, {Key: "version", Value: version}}
		q := url.Values{"service": {"shop"}, "type": {"cpu"}, "labels": {labels.String()}}
		a := w.post("/api/0/profiles?"+q.Encode(), profileOf(t, "cpu", taken().Add(time.Duration(n)*time.Minute)))
		require.Equal(t, 200, a.status, a.body)
		var answer struct{ Body struct{ ID string } }
		require.NoError(t, json.Unmarshal([]byte(a.body), &answer))
		ids[version] = append(ids[version], answer.Body.ID)
	}
	require.Equal(t, 200, w.post("/api/0/profiles?service=cart&type=heap&labels=zone=eu", profileOf(t, "heap", taken())).status)
	return ids
}

// Labels and their values are those of the selected profiles, also below a prefix.
func TestLabelsOfProfiles(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Prefix = "/holmes" })
	fleet(t, w)
	for path, want := range map[string]string{
		"/api/1/labels":                                                    `{"labels":["a/b","instance","version","zone"]}`,
		"/api/1/labels?service=cart":                                       `{"labels":["zone"]}`,
		"/api/1/labels?service=none":                                       `{"labels":[]}`,
		"/api/1/labels/version/values":                                     `{"values":["1.9","2.0"]}`,
		"/api/1/labels/a%2Fb/values":                                       `{"values":["x"]}`,
		"/api/1/labels/service/values":                                     `{"values":["cart","shop"]}`,
		"/api/1/labels/type/values?service=cart":                           `{"values":["heap"]}`,
		"/api/1/labels/instance/values?labels=version=1.9":                 `{"values":["pod-0","pod-2"]}`,
		"/api/1/labels/instance/values?match=" + q(`version!="1.9"`):       `{"values":["pod-1","pod-3"]}`,
		"/api/1/labels/instance/values?from=2026-05-04T03:04:00&match=x!=": `{"values":[]}`,
	} {
		for _, prefix := range []string{"", "/holmes"} {
			a := w.get(prefix + path)
			require.Equal(t, http.StatusOK, a.status, "%s: %s", path, a.body)
			require.JSONEq(t, want, a.body, path)
		}
	}
	require.Equal(t, 400, w.get("/api/1/labels?from=soon").status)
	require.Equal(t, 400, w.get("/api/1/labels/version/values?match=version").status)
}

func q(text string) string { return url.QueryEscape(text) }

// Every query takes matchers, and several of them.
func TestMatchers(t *testing.T) {
	w := newWorld(t)
	ids := fleet(t, w)
	for n, version := range []string{"1.9", "2.0"} {
		event := string(eventJSON(fmt.Sprint("e", n)))
		event = event[:len(event)-1] + fmt.Sprintf(`,"labels":{"version":%q}}`, version)
		body, contentType := form(t, part{"event", "", []byte(event)})
		a := w.post("/api/1/events", body, "Content-Type", contentType)
		require.Equal(t, 201, a.status, a.body)
	}
	old := "match=" + q(`version=~"1\\..*"`)
	for _, path := range []string{"/api/1/profiles?type=cpu&", "/api/0/profiles?service=shop&from=7d&to=now&", "/api/1/profiles?match=" + q(`type="cpu"`) + "&"} {
		a := w.get(path + old)
		require.Equal(t, 200, a.status, a.body)
		for version, all := range ids {
			for _, id := range all {
				require.Equal(t, version == "1.9", strings.Contains(a.body, id), "%s: %s", path, a.body)
			}
		}
	}
	a := w.get("/api/1/events?" + old)
	require.Contains(t, a.body, `"e0"`)
	require.NotContains(t, a.body, `"e1"`)

	two := "/api/1/merge?service=shop&type=cpu&format=top&" + old
	require.Equal(t, "2", w.get(two).header.Get("X-Holmes-Profiles"))
	require.Equal(t, "1", w.get(two+"&match="+q(`instance!="pod-0"`)).header.Get("X-Holmes-Profiles"))
	a = w.get("/api/1/diff?service=shop&type=cpu&format=top&" + old + "&base_match=" + q(`version!~"1.*"`) + "&base_match=" + q(`instance="pod-3"`))
	require.Equal(t, 200, a.status, a.body)
	require.Contains(t, a.body, `"measure":{"kind":"flow","over":"total","per_instance":false,"profiles":2`)
	require.Contains(t, a.body, `"base_measure":{"kind":"flow","over":"total","per_instance":false,"profiles":1`)
	for _, path := range []string{"/api/1/profiles?", "/api/1/events?", "/api/1/merge?service=shop&type=cpu&", "/api/1/timeline?value=cpu&"} {
		require.Equal(t, 400, w.get(path+"match=version").status, path)
		require.Equal(t, 400, w.get(path+"match="+q(`version=~"["`)).status, path)
	}
}
