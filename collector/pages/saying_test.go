package pages_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
)

// The first page has the day of each event.
func TestHomeHasDays(t *testing.T) {
	w := newWorld(t)
	w.putEvent(eventOf("today", "shop", "cpu", ""), nil)
	w.putEvent(strings.Replace(eventOf("before", "shop", "cpu", ""), "2026-05-04", "2026-05-02", 1), nil)
	page := w.page("/")
	monday, saturday := strings.Index(page, "<h3>Monday, 4 May 2026</h3>"), strings.Index(page, "<h3>Saturday, 2 May 2026</h3>")
	require.Positive(t, monday)
	require.Less(t, monday, saturday)
	require.Less(t, saturday, strings.LastIndex(page, "/events/before"))
}

// A culprit of which no growth was measured has none, not one of 0.
func TestGrownBy(t *testing.T) {
	w := newWorld(t)
	w.putEvent(eventOf("grown", "shop", "cpu", ""), nil)
	w.putEvent(strings.Replace(eventOf("not", "shop", "cpu", ""), `"delta":5e9`, `"delta":0`, 1), nil)
	require.Contains(t, w.page("/events/grown"), `data-label="Grown by">5 s<`)
	require.Contains(t, w.page("/events/not"), `data-label="Grown by"><`)
}

// A comparison says that values are scaled where they are.
func TestScaledWhereItIs(t *testing.T) {
	w := newWorld(t)
	var ids []string
	for _, seconds := range []int64{10, 10, 20} {
		p := profileOf(collector.KindCPU, map[string]int64{"main.work": seconds})
		p.DurationNanos = seconds * 1e9
		ids = append(ids, w.put(collector.Meta{Service: "shop", Kind: collector.KindCPU, Duration: time.Duration(seconds) * time.Second}, p))
	}
	require.NotContains(t, w.page("/compare?service=shop&type=cpu"), "are scaled to")
	require.NotContains(t, w.page("/flame?id="+ids[1]+"&base_id="+ids[0]), "scaled")
	require.Contains(t, w.page("/flame?id="+ids[2]+"&base_id="+ids[0]), "scaled by 2 to the same time (20s against 10s)")
}
