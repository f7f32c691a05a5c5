package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/api"
)

// from and to are both inside, in whole seconds, and may be ages.
func TestWindows(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, 200, w.post("/api/0/profiles?service=shop&type=cpu", profileOf(t, "cpu", taken())).status) // 9 h before
	for query, found := range map[string]bool{
		"from=2026-05-04T03:02:01&to=2026-05-04T03:02:01": true, "to=2026-05-04T03:02:00": false, "to=2026-05-04T03:02": false, "from=2026-05-04": true,
		"from=10h": true, "from=-10h": true, "from=now-10h&to=now": true, "from=7d": true, "from=8h": false, "to=now-8h": true, "to=10h": false,
		"from=2026-05-04T03:02:01.5Z&to=2026-05-04T03:02:01.5Z": true, "to=2026-05-04T03:02:01.4Z": false,
	} {
		for _, path := range []string{"/api/1/profiles?", "/api/1/merge?service=shop&type=cpu&format=top&"} {
			a := w.get(path + query)
			require.Equal(t, found, strings.Contains(a.body, "shop"), "%s: %s", query, a.body)
		}
	}
	require.Contains(t, w.get("/api/1/profiles?from=soon").body, "nor an age like 24h")
}

// Pages of results have each once, also those of the same second, of which more come
// meanwhile.
func TestSearchesArePaged(t *testing.T) {
	w := newWorld(t)
	const total = 25
	put := func(n int) {
		body, contentType := form(t, part{"event", "", eventJSON(fmt.Sprint("e", n*7%total))})
		require.Equal(t, 201, w.post("/api/1/events", body, "Content-Type", contentType).status)
		require.Equal(t, 200, w.post("/api/0/profiles?service=shop&type=cpu", profileOf(t, "cpu", taken().Add(time.Duration(n/10)))).status)
	}
	for n := range total {
		put(n)
	}
	for path, all := range map[string]int{"/api/1/events?limit=7": total, "/api/1/profiles?limit=10&from=24h": total, "/api/1/events?limit=25": total} {
		seen := map[string]bool{}
		after, pages := "", 0
		for more := true; more; more = after != "" {
			var answer struct {
				Events, Profiles []struct{ ID string }
				Next             string
			}
			a := w.get(path + "&after=" + after)
			require.Equal(t, 200, a.status, a.body)
			require.NoError(t, json.Unmarshal([]byte(a.body), &answer))
			for _, r := range append(answer.Events, answer.Profiles...) {
				require.False(t, seen[r.ID], r.ID)
				seen[r.ID] = true
			}
			after = answer.Next
			pages++
		}
		require.Len(t, seen, all)
		require.LessOrEqual(t, pages, 4)
	}
	require.Equal(t, 400, w.get("/api/1/events?after=x").status)
}

// What comes from a clock that is ahead is of now, not of the future.
func TestClockAhead(t *testing.T) {
	w := newWorld(t)
	future := now().AddDate(3, 0, 0)
	require.Equal(t, 200, w.post("/api/0/profiles?service=shop&type=cpu", profileOf(t, "cpu", future)).status)
	require.Equal(t, 200, w.post("/api/0/profiles?service=shop&type=cpu", profileOf(t, "cpu", now().Add(5*time.Minute))).status)
	event := bytes.ReplaceAll(eventJSON("e1", "cpu.pb.gz"), []byte("2026-05-04"), []byte("2029-05-04"))
	body, contentType := form(t, part{"event", "", event}, part{"profile", "cpu.pb.gz", profileOf(t, "cpu", time.Time{})})
	require.Equal(t, 201, w.post("/api/1/events", body, "Content-Type", contentType).status)
	var stored []api.Profile
	for m, err := range w.store.Find(t.Context(), everything()) {
		require.NoError(t, err)
		stored = append(stored, api.Profile{CreatedAt: m.CreatedAt})
	}
	require.Len(t, stored, 3)
	require.True(t, stored[0].CreatedAt.Equal(now().Add(5*time.Minute)))
	require.True(t, stored[1].CreatedAt.Equal(now()))
	require.True(t, stored[2].CreatedAt.Equal(now()))
	e, err := w.store.Event(t.Context(), "e1")
	require.NoError(t, err)
	require.True(t, e.At.Equal(now()))
}
