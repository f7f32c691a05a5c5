package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/api"
)

// profefeAnswer is the envelope, as a client of profefe reads it.
type profefeAnswer struct {
	Code int
	Body struct {
		ID string
	}
}

// Every route of profefe, with every answer that it can have.
func TestProfefeOnTheWire(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Limits.ProfileBytes = 100_000 })
	tr := &transcript{ids: map[string]string{}}
	post := func(title, query string, body []byte) string {
		t.Helper()
		a := w.post("/api/0/profiles?"+query, body)
		var got profefeAnswer
		require.NoError(t, json.Unmarshal([]byte(a.body), &got), a.body)
		require.Equal(t, a.status, got.Code)
		if got.Body.ID != "" {
			tr.ids[got.Body.ID] = fmt.Sprintf("<id %d>", len(tr.ids)+1)
		}
		tr.record(title, "POST /api/0/profiles?"+query, a)
		return got.Body.ID
	}
	get := func(title, path string) answer {
		t.Helper()
		return tr.record(title, "GET "+path, w.get(path))
	}
	none := time.Time{}
	get("no service yet", "/api/0/services")

	// POST
	cpu := profileOf(t, "cpu", taken())
	first := post("a gzipped profile; its own time", "service=shop&type=cpu&labels=version=1.2.3,region=eu", cpu)
	second := post("one that is not gzipped", "service=shop&type=cpu&labels=region=us", gunzip(t, profileOf(t, "cpu", taken().Add(time.Minute))))
	post("its own time wins over created_at", "service=shop&type=cpu&created_at=2001-01-01T00:00:00", profileOf(t, "cpu", taken().Add(2*time.Minute)))
	heap := post("created_at where it has none", "service=late&type=heap&created_at=2026-05-03T23:59:59", profileOf(t, "heap", none))
	post("created_at with a Z", "service=late&type=heap&created_at=2026-05-03T23:59:58Z", profileOf(t, "heap", none))
	post("no time at all: that of its arrival", "service=late&type=goroutine", profileOf(t, "goroutine", none))
	tracing := post("a trace, not parsed; only created_at counts", "service=late&type=trace&created_at=2026-05-03T23:59:59", trace())
	for _, kind := range []string{"block", "mutex"} {
		post("contentions as "+kind, "service=kinds&type="+kind, profileOf(t, "contention", taken()))
	}
	post("threadcreate", "service=kinds&type=threadcreate", profileOf(t, "threadcreate", taken()))
	post("unknown values, as other", "service=kinds&type=other", profileOf(t, "custom", taken()))
	post("unknown values, as cpu", "service=kinds&type=cpu", profileOf(t, "custom", taken()))
	post("odd names: a comma travels as %252C", "service=a%2Fb%2Cc%2Bd&type=cpu&labels=path%3D%252Fa%252Cb%2Ceq%3Da%3Db%2C%252C%3Dx", cpu)
	post("labels without values, and none", "service=odd&type=cpu&labels=,a,b=,", cpu)
	post("no service", "type=cpu", cpu)
	post("no type", "service=shop", cpu)
	post("unknown type", "service=shop&type=cpux", cpu)
	post("labels that are not escaped", "service=shop&type=cpu&labels=a=%25zz", cpu)
	post("a label that is there twice", "service=shop&type=cpu&labels=a=1,a=2", cpu)
	post("created_at that is no time", "service=shop&type=cpu&created_at=yesterday", cpu)
	post("created_at that no index takes", "service=shop&type=heap&created_at=0001-01-01T00:00:00", profileOf(t, "heap", none))
	post("nothing", "service=shop&type=cpu", nil)
	post("no profile", "service=shop&type=cpu", []byte("this is not a profile"))
	post("half of one", "service=shop&type=cpu", cpu[:len(cpu)/2])
	post("a heap profile as cpu", "service=shop&type=cpu", profileOf(t, "heap", taken()))
	post("a CPU profile as trace", "service=shop&type=trace", cpu)
	post("a trace as cpu", "service=shop&type=cpu", trace())
	post("no profile, and too large for one", "service=shop&type=cpu", make([]byte, 70<<20))
	post("too large", "service=shop&type=cpu", largeProfile(t, 110_000))

	// GET, searching
	window := "&from=2026-05-04T00:00:00&to=2026-05-04T23:59:59"
	find := "/api/0/profiles?service=shop"
	get("all of a service, the newest first", find+window)
	get("with a Z", find+"&from=2026-05-04T00:00:00Z&to=2026-05-04T23:59:59Z")
	get("of a type", "/api/0/profiles?service=kinds&type=mutex"+window)
	get("with a label", find+window+"&labels=region=eu")
	get("with two labels", find+window+"&labels=version=1.2.3,region=eu")
	get("with an escaped label", "/api/0/profiles?service=a%2Fb%2Cc%2Bd&labels=path%3D%252Fa%252Cb"+window)
	get("the newest one", find+window+"&limit=1")
	get("in the very second of created_at", find+"&from=2026-05-04T03:02:01&to=2026-05-04T03:02:01")
	get("nothing in the window", find+"&from=2026-05-01T00:00:00&to=2026-05-02T00:00:00")
	get("nothing of the service", "/api/0/profiles?service=nobody"+window)
	get("nothing with the label", find+window+"&labels=region=mars")
	get("no service", "/api/0/profiles?x=y"+window)
	get("no from", find+"&to=2026-05-04T23:59:59")
	get("no to", find+"&from=2026-05-04T23:59:59")
	get("from that is no time", find+"&from=x&to=2026-05-04T23:59:59")
	get("to that is no time", find+"&from=2026-05-04T23:59:59&to=x")
	get("from after to", find+"&from=2026-05-04T23:59:59&to=2026-05-04T00:00:00")
	get("unknown type", find+window+"&type=cpux")
	get("limit that is no number", find+window+"&limit=many")
	get("limit below zero", find+window+"&limit=-1")
	get("labels that are not escaped", find+window+"&labels=a=%25zz")

	// GET, by ID
	a := get("one profile", "/api/0/profiles/"+first)
	require.Equal(t, string(cpu), a.body)
	require.NotEqual(t, first, second)
	get("with a slash at the end", "/api/0/profiles/"+first+"/")
	get("malformed id", "/api/0/profiles/nonsense")
	get("unknown id", "/api/0/profiles/"+strings.Repeat("v", len(first)))

	// GET, merged
	merged := "/api/0/profiles/merge?service=shop"
	get("merged", merged+"&type=cpu"+window)
	get("merged, of a label", merged+"&type=cpu&labels=region=eu"+window)
	get("merged, the newest one", merged+"&type=cpu&limit=1"+window)
	get("merged, no type", merged+window)
	get("merged, unknown type", merged+"&type=cpux"+window)
	get("merged, no service", "/api/0/profiles/merge?type=cpu"+window)
	get("merged, no from", merged+"&type=cpu&to=2026-05-04T23:59:59")
	get("merged, nothing in the window", merged+"&type=cpu&from=2026-05-01T00:00:00&to=2026-05-02T00:00:00")
	get("merged, traces", "/api/0/profiles/merge?service=late&type=trace"+window)
	get("several by ID, merged", "/api/0/profiles/"+first+"+"+second)
	get("several by ID, escaped", "/api/0/profiles/"+first+"%2B"+second)
	get("several by ID, of several types", "/api/0/profiles/"+first+"+"+heap)
	get("several by ID, one unknown", "/api/0/profiles/"+first+"+"+strings.Repeat("v", len(first)))
	get("several by ID, one malformed", "/api/0/profiles/"+first+"+nonsense")
	get("several by ID, one empty", "/api/0/profiles/"+first+"+")
	get("several by ID, one a trace", "/api/0/profiles/"+first+"+"+tracing)

	get("services", "/api/0/services")
	get("version", "/api/0/version")
	tr.record("another method", "PUT /api/0/profiles", w.do(http.MethodPut, "/api/0/profiles", nil))
	tr.record("no such route", "GET /api/0/nothing", w.get("/api/0/nothing"))
	golden(t, "profefe.golden", tr.String())
}

// A sender can mark repetitions with a key, as holmes's own reporters do.
func TestProfefeIdempotencyKey(t *testing.T) {
	w := newWorld(t)
	cpu := profileOf(t, "cpu", taken())
	first := w.post("/api/0/profiles?service=shop&type=cpu", cpu, "Idempotency-Key", "k1")
	again := w.post("/api/0/profiles?service=shop&type=cpu", cpu, "Idempotency-Key", "k1")
	require.Equal(t, first.body, again.body)
	other := w.post("/api/0/profiles?service=shop&type=cpu", cpu, "Idempotency-Key", "k2")
	require.NotEqual(t, first.body, other.body)
	require.Equal(t, 2, w.store.Usage().Uploads)
	long := w.post("/api/0/profiles?service=shop&type=cpu", cpu, "Idempotency-Key", strings.Repeat("k", 1000))
	require.Equal(t, http.StatusBadRequest, long.status)
}
