package api_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
)

// Every answer of /ingest, and the searches afterwards.
func TestIngestOnTheWire(t *testing.T) {
	w := newWorld(t)
	tr := &transcript{ids: map[string]string{}}
	none := time.Time{}
	post := func(title, query string, body []byte, headers ...string) {
		t.Helper()
		tr.record(title, "POST /ingest?"+query, w.post("/ingest?"+query, body, headers...))
	}
	multi := func(title, query string, parts ...part) {
		t.Helper()
		body, contentType := form(t, parts...)
		post(title, query, body, "Content-Type", contentType)
	}
	cpu, contention := profileOf(t, "cpu", taken()), profileOf(t, "contention", taken())
	window := "&from=1777863600&until=1777863610"

	post("raw", "name=raw"+window, cpu)
	post("raw, typed as Pyroscope's documents have it", "name=typed&format=pprof&sampleRate=100&spyName=gospy", cpu, "Content-Type", "binary/octet-stream")
	post("from and until count where the profile has no time", "name=untimed"+window, profileOf(t, "heap", none))
	post("neither has a time", "name=never", profileOf(t, "goroutine", none))
	multi("as the agent sends it", "name=agent"+window, part{"profile", "profile.pprof", cpu})
	multi("with a configuration that says mutex", "name=mutex", part{"profile", "profile.pprof", contention},
		part{"sample_type_config", "c.json", []byte(`{"contentions":{"display-name":"mutex_count","units":"lock_samples"}}`)})
	multi("with a configuration that says block", "name=block",
		part{"sample_type_config", "c.json", []byte(`{"contentions":{"display-name":"block_count"},"delay":{"display-name":"block_duration"}}`)},
		part{"profile", "profile.pprof", contention})
	multi("contentions, and nothing says which", "name=contentions", part{"profile", "p", contention})
	multi("unknown values", "name=fish", part{"profile", "p", profileOf(t, "custom", taken())})

	post("no name", "x=y", cpu)
	post("empty name", "name=%7Ba=b%7D", cpu)
	post("a dash in a label's name", "name=a%7Bb-c=d%7D", cpu)
	post("a comma in a value", "name=a%7Bb=c,d%7D", cpu)
	post("no end", "name=a%7Bb=c", cpu)
	post("from that is no time", "name=a&from=now", cpu)
	post("another format", "name=a&format=jfr", cpu)
	post("no profile", "name=a", []byte("this is not a profile"))
	post("nothing", "name=a", nil)
	post("a trace", "name=a", trace())
	multi("the former profile, too", "name=a", part{"profile", "p", cpu}, part{"prev_profile", "p", cpu})
	multi("no part profile", "name=a")
	multi("another part", "name=a", part{"profile", "p", cpu}, part{"fish", "p", cpu})
	multi("profile twice", "name=a", part{"profile", "p", cpu}, part{"profile", "p", cpu})
	multi("a configuration that is no JSON", "name=a", part{"profile", "p", cpu}, part{"sample_type_config", "c", []byte("{")})
	tr.record("not multipart, though it says so", "POST /ingest?name=a", w.post("/ingest?name=a", cpu, "Content-Type", "multipart/form-data; boundary=x"))
	tr.record("another method", "GET /ingest?name=a", w.get("/ingest?name=a"))

	require.Equal(t, 9, w.store.Usage().Uploads)
	for m, err := range w.store.Find(t.Context(), collector.Query{}) {
		require.NoError(t, err)
		tr.ids[m.ID] = "<" + m.Service + ">"
	}
	tr.record("what was kept", "GET /api/1/profiles", w.get("/api/1/profiles"))
	golden(t, "ingest.golden", tr.String())
}

func TestNamesOfPyroscope(t *testing.T) {
	w := newWorld(t)
	for i, tt := range []struct{ name, service, labels string }{
		{"app", "app", ""},
		{" app {} ", "app", ""},
		{"app{a=b}", "app", "a=b"},
		{"app{ a = b , c = d }", "app", "a=b,c=d"},
		{"app{a=,c=d,}", "app", "c=d"},
		{"app{a=b=c}", "app", "a=b%3Dc"},
		{"app{process.runtime.name=go,__session_id__=1f,__profile_type__=x}", "app", "process.runtime.name=go"},
		{"app{service_name=real}", "real", "app_name=app"},
		{"app{service_name=app,a=b}", "app", "a=b"},
		{"a.b/c-d{path=/x/y z}", "a.b/c-d", "path=%2Fx%2Fy+z"},
	} {
		at := taken().Add(time.Duration(i) * time.Hour)
		a := w.post("/ingest?name="+url.QueryEscape(tt.name), profileOf(t, "cpu", at))
		require.Equal(t, http.StatusOK, a.status, "%s: %s", tt.name, a.body)
		require.Empty(t, a.body)
		for m, err := range w.store.Find(t.Context(), collector.Query{From: at, To: at.Add(time.Minute)}) {
			require.NoError(t, err)
			require.Equal(t, tt.service, m.Service)
			require.Equal(t, tt.labels, m.Labels.String(), tt.name)
		}
	}
	require.Equal(t, 10, w.store.Usage().Uploads)
}

// Agents send times in any unit.
func TestTimesOfPyroscope(t *testing.T) {
	w := newWorld(t)
	for i, from := range []string{"1777863600", "1777863600000", "1777863600000000", "1777863600000000000"} {
		name := string(rune('a' + i))
		a := w.post("/ingest?name="+name+"&from="+from, profileOf(t, "heap", time.Time{}))
		require.Equal(t, http.StatusOK, a.status, a.body)
		for m, err := range w.store.Find(t.Context(), collector.Query{Service: name}) {
			require.NoError(t, err)
			require.Equal(t, time.Unix(1777863600, 0).UTC(), m.CreatedAt)
		}
	}
}
