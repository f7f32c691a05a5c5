package pages_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/merge"
	"github.com/go-holmes/holmes/collector/pages"
)

// However many pages are asked for, few of their profiles are in memory.
func TestPagesAreDrawnInTurn(t *testing.T) {
	const most = 2
	var mu sync.Mutex
	var merged []weak.Pointer[merge.Fold]
	stacks := map[string]int64{}
	for i := range 3000 {
		stacks[fmt.Sprintf("main.f%d", i)] = 1
	}
	w := newWorld(t, func(c *pages.Config) {
		c.Drawings = most
		merger, err := merge.New(merge.Config{Store: c.Store})
		require.NoError(t, err)
		c.Fold = func(ctx context.Context, r merge.Request) (*merge.Fold, error) {
			f, err := merger.Fold(ctx, r)
			mu.Lock()
			defer mu.Unlock()
			runtime.GC()
			alive := 0
			for _, other := range merged {
				if other.Value() != nil {
					alive++
				}
			}
			assert.Less(t, alive, most)
			merged = append(merged, weak.Make(f))
			return f, err
		}
	})
	id := w.put(collector.Meta{Service: "shop", Kind: collector.KindCPU}, profileOf(collector.KindCPU, stacks))
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			rec := httptest.NewRecorder()
			w.pages.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/top?id="+id, http.NoBody))
			assert.Equal(t, http.StatusOK, rec.Code)
		})
	}
	all.Wait()
	require.Len(t, merged, 16)
}

// A page that cannot be drawn in time is an error, and so is one whose turn does not
// come. The page of an event is there without its picture.
func TestPagesEndInTime(t *testing.T) {
	merging := make(chan struct{}, 2)
	w := newWorld(t, func(c *pages.Config) {
		c.Drawings, c.Timeout = 1, 500*time.Millisecond
		c.Fold = func(ctx context.Context, _ merge.Request) (*merge.Fold, error) {
			merging <- struct{}{}
			<-ctx.Done()
			return nil, ctx.Err()
		}
	})
	id := w.put(collector.Meta{Service: "shop", Kind: collector.KindCPU}, profileOf(collector.KindCPU, map[string]int64{"main.work": 1}))
	var all sync.WaitGroup
	defer all.Wait()
	first := httptest.NewRecorder()
	all.Go(func() {
		w.pages.ServeHTTP(first, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/flame?id="+id, http.NoBody))
	})
	<-merging
	ctx, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	second := httptest.NewRecorder()
	w.pages.ServeHTTP(second, httptest.NewRequestWithContext(ctx, http.MethodGet, "/flame?id="+id, http.NoBody))
	require.Equal(t, http.StatusServiceUnavailable, second.Code)
	require.Equal(t, "5", second.Header().Get("Retry-After"))
	all.Wait()
	require.Equal(t, http.StatusServiceUnavailable, first.Code)
	require.Contains(t, first.Body.String(), "This took too long")
}

// The links of pages lead through the path of a proxy, and texts are left alone.
func TestPrefix(t *testing.T) {
	w := newWorld(t, func(c *pages.Config) { c.Prefix = "/holmes/" })
	w.put(collector.Meta{Service: `a href="/b`, Kind: collector.KindCPU}, profileOf(collector.KindCPU, map[string]int64{"main.work": 1}))
	page := w.page("/")
	require.Contains(t, page, ` href="/holmes/events?service=`)
	require.Contains(t, page, ` href="/holmes/static/style.css"`)
	require.NotContains(t, page, ` href="/events`)
	require.Contains(t, page, `a href=&#34;/b`)
	require.Contains(t, w.page("/events"), ` action="/holmes/events"`)
	require.Equal(t, "/holmes/pprof/x/flamegraph", w.get("/pprof/x").Header().Get("Location"))
}
