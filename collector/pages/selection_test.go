package pages_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/merge"
	"github.com/go-holmes/holmes/collector/pages"
)

// Parameters are those of the API. Links with the names of earlier versions lead to the
// same pages.
func TestParameters(t *testing.T) {
	w := furnished(t)
	of := "?event=" + cpuEvent + "&file=cpu.pb.gz"
	now := w.page("/flame" + of + "&value=samples&normalize=false&base_service=shop&base_type=cpu")
	require.Contains(t, now, `name="value" value="samples"`)
	require.Contains(t, now, `name="normalize" value="false"`)
	require.Contains(t, now, `name="base_service" value="shop"`)
	require.Contains(t, now, "unscaled")
	require.Equal(t, now, w.page("/flame"+of+"&sample=samples&raw=1&base.service=shop&base.type=cpu"))
	require.Contains(t, w.page("/flame"+of+"&normalize=true&base_service=shop&base_type=cpu"), "scaled to the same total")
	require.Equal(t, http.StatusBadRequest, w.get("/flame"+of+"&normalize=fish").Code)
}

// Pages take matchers, several of them, and keep them in their forms and links.
func TestMatchersOnPages(t *testing.T) {
	w := newWorld(t)
	for _, version := range []string{"1.9", "2.0"} {
		w.putEvent(strings.Replace(eventOf("e"+version, "shop", "cpu", ""), "1.2.3", version, 1), nil)
		w.put(collector.Meta{Service: "shop", Kind: collector.KindCPU, Labels: collector.Labels{{Key: "version", Value: version}}},
			profileOf(collector.KindCPU, map[string]int64{"main.f" + version: 1e9}))
	}
	const old, field = "match=version%3D~1.*&match=", `name="match" value="version=~&#34;1.*&#34;"`
	page := w.page("/events?" + old)
	require.Contains(t, page, "/events/e1.9")
	require.NotContains(t, page, "/events/e2.0")
	require.Contains(t, page, field)
	page = w.page("/profiles?type=cpu&" + old + "&match=service%3Dshop")
	require.Contains(t, page, ">version=1.9<")
	require.NotContains(t, page, ">version=2.0<")
	require.Contains(t, page, field)
	require.Contains(t, page, `name="match" value="service=&#34;shop&#34;"`)
	page = w.page("/flame?service=shop&type=cpu&" + old + "&match=service%3Dshop&base_service=shop&base_type=cpu&base_match=version!%3D1.9")
	require.Contains(t, page, "main.f1.9")
	require.Contains(t, page, field)
	require.Contains(t, page, `name="match" value="service=&#34;shop&#34;"`)
	require.Contains(t, page, `name="base_match" value="version!=&#34;1.9&#34;"`)
	require.Contains(t, page, "before, 1 s after")
	require.Contains(t, w.page("/flame?service=shop&type=cpu&from=1h&to=now"+"&match=version%3D~[12].0"), "main.f2.0")
	require.Contains(t, w.get("/flame?service=shop&type=cpu&match=version%3D3").Body.String(), "where version=&#34;3&#34;")
	require.Equal(t, http.StatusBadRequest, w.get("/profiles?match=version").Code)
}

// A service of which only roll-ups remain is on the pages, and is drawn.
func TestOutlivedOnPages(t *testing.T) {
	var merger *merge.Merger
	w := newWorld(t, func(c *pages.Config) {
		var err error
		merger, err = merge.New(merge.Config{Store: c.Store, Dir: testkit.FastDir(t), Now: func() time.Time { return at().Add(5 * time.Hour) }})
		require.NoError(t, err)
		c.Fold, c.Services = merger.Fold, merger.Services
	})
	for n := range 5 {
		w.put(collector.Meta{Service: "gone", Kind: collector.KindCPU, CreatedAt: at().Add(time.Duration(n) * time.Minute)},
			profileOf(collector.KindCPU, map[string]int64{"main.old": 1e9}))
	}
	_, err := merger.Roller().Round(t.Context())
	require.NoError(t, err)
	for m, err := range w.store.Find(t.Context(), collector.Query{}) {
		require.NoError(t, err)
		_, err := w.store.Delete(t.Context(), collector.Selection{Profile: m.ID})
		require.NoError(t, err)
	}
	for _, path := range []string{"/", "/events", "/profiles", "/compare"} {
		require.Contains(t, w.page(path), "gone", path)
	}
	require.Contains(t, w.page("/flame?service=gone&type=cpu"), "main.old")
	require.Contains(t, w.page("/flame?service=gone&type=cpu"), "5 profiles, 2026-05-04 03:02:01 to 2026-05-04 03:06:01")
	require.Contains(t, w.page("/top?service=gone&type=cpu"), "main.old")
	require.Equal(t, http.StatusNotFound, w.get("/flame?service=gone&type=heap").Code)
	require.Equal(t, http.StatusNotFound, w.get("/flame?service=gone&type=trace").Code)
}
