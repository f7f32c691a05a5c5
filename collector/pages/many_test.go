package pages_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
)

// A page adds up all profiles of its search, as the API does, and says so.
func TestPagesAddUpAll(t *testing.T) {
	w := newWorld(t)
	const total = 300 // seconds, of ten each
	for n := range total {
		p := profileOf(collector.KindCPU, map[string]int64{"main.work": int64(time.Second)})
		p.DurationNanos = int64(10 * time.Second)
		w.put(collector.Meta{Service: "web", Kind: collector.KindCPU, CreatedAt: at().Add(-time.Duration(n) * 10 * time.Second), Duration: 10 * time.Second}, p)
	}
	page := w.page("/flame?service=web&type=cpu")
	require.Contains(t, page, "cpu: 5 min in all, total over 50m</text>")
	require.Contains(t, page, "300 profiles, ")
	require.Contains(t, w.page("/top?service=web&type=cpu"), `<td class="n">5 min</td>`)
}

// An event's own sentence of 100 KB makes no page of as much.
func TestLongSentences(t *testing.T) {
	w := newWorld(t)
	for n := range 10 {
		w.putEvent(eventOf(fmt.Sprintf("e%d", n), fmt.Sprintf("service%d", n), "cpu", fmt.Sprintf(`,"sentence":%q`, strings.Repeat("x", 100_000))), nil)
	}
	for _, path := range []string{"/", "/events", "/events?service=service7", "/events/e7"} {
		page := w.page(path)
		require.Contains(t, page, "service7")
		require.Less(t, len(page), 100_000, path)
	}
}
