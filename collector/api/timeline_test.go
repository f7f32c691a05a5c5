package api_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/api"
)

// timeline asks for one and returns it.
func (w *world) timeline(query string) (out api.Timeline) {
	w.t.Helper()
	a := w.get("/api/1/timeline?" + query)
	require.Equal(w.t, 200, a.status, "%s: %s", query, a.body)
	require.NoError(w.t, json.Unmarshal([]byte(a.body), &out))
	return out
}

// A timeline adds up totals by step, by label and by unit.
func TestTimeline(t *testing.T) {
	w := newWorld(t)
	fleet(t, w)
	at := func(minute int) time.Time { return time.Date(2026, 5, 4, 3, minute, 0, 0, time.UTC) }
	const window = "service=shop&from=2026-05-04T03:00:00&to=2026-05-04T03:59:59"
	one := func(minute int) api.TimelinePoint {
		return api.TimelinePoint{At: at(minute), Value: 20, Profiles: 1, DurationSeconds: 10}
	}
	two := func(minute int) api.TimelinePoint {
		return api.TimelinePoint{At: at(minute), Value: 40, Profiles: 2, DurationSeconds: 20}
	}
	require.Equal(t, api.Timeline{
		Value: "cpu", StepSeconds: 120, Lines: []api.TimelineLine{{Unit: "nanoseconds", Points: []api.TimelinePoint{two(2), two(4)}}},
	}, w.timeline(window+"&value=cpu&step=2m"))
	require.Equal(t, api.Timeline{
		Value: "cpu", By: "version", StepSeconds: 60, Lines: []api.TimelineLine{
			{By: "1.9", Unit: "nanoseconds", Points: []api.TimelinePoint{one(2), one(4)}},
			{By: "2.0", Unit: "nanoseconds", Points: []api.TimelinePoint{one(3), one(5)}},
		},
	}, w.timeline(window+"&type=cpu&by=version&step=1m"))
	require.Equal(t, []api.TimelineLine{{By: "2.0", Unit: "count", Points: []api.TimelinePoint{{At: at(0), Value: 20, Profiles: 2, DurationSeconds: 20}}}},
		w.timeline(window+"&value=samples&by=version&step=1d&match="+q(`version!="1.9"`)).Lines)

	all := w.timeline("value=inuse_space&by=service")
	require.Equal(t, 864.0, all.StepSeconds) // a hundred of them are a day
	require.Len(t, all.Lines, 1)
	require.Equal(t, "cart", all.Lines[0].By)
	require.EqualValues(t, 40, all.Lines[0].Points[0].Value)
	require.Empty(t, w.timeline("value=cpu&from=1h").Lines)
	require.NotNil(t, w.timeline("value=cpu&from=1h").Lines)
	for _, bad := range []string{"", "type=other", "value=cpu&step=0", "value=cpu&step=x", "value=cpu&from=soon", "value=cpu&to=now-2d&from=1d"} {
		require.Equal(t, 400, w.get("/api/1/timeline?"+bad).status, bad)
	}
	require.Equal(t, 413, w.get("/api/1/timeline?value=cpu&step=1s").status)
}

// The description of a profile has its totals.
func TestTotalsOfAProfile(t *testing.T) {
	w := newWorld(t)
	id := fleet(t, w)["1.9"][0]
	require.Contains(t, w.get("/api/1/profiles/"+id).body,
		`"totals":[{"type":"samples","unit":"count","value":10},{"type":"cpu","unit":"nanoseconds","value":20}]`)
}
