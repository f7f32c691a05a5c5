package pages_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
	"github.com/go-holmes/holmes/collector/pages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// evil is the name of a function, a service and a label.
const evil = `<script>alert(1)</script>"'&`

// at is the time of all events and profiles.
func at() time.Time { return time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC) }

// A world is the pages of a store.
type world struct {
	t     *testing.T
	store *files.Store
	pages *pages.Pages
	now   time.Time
	fault error // the last one
}

func newWorld(t *testing.T, change ...func(*pages.Config)) *world {
	t.Helper()
	w := &world{t: t, now: at().Add(time.Hour)}
	store, err := files.Open(t.Context(), testkit.FastDir(t), files.Options{Now: func() time.Time { return w.now }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	w.store = store
	c := pages.Config{Store: store, Now: func() time.Time { return w.now }, Fault: func(_ *http.Request, err error) { w.fault = err }}
	for _, do := range change {
		do(&c)
	}
	w.pages, err = pages.New(c)
	require.NoError(t, err)
	return w
}

// get requests a page, which must not be a fault.
func (w *world) get(path string) *httptest.ResponseRecorder {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.pages.ServeHTTP(rec, httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, path, http.NoBody))
	require.NotEqual(w.t, http.StatusInternalServerError, rec.Code, "%s: %v", path, w.fault)
	return rec
}

// page requests a page that exists.
func (w *world) page(path string) string {
	w.t.Helper()
	rec := w.get(path)
	require.Equal(w.t, http.StatusOK, rec.Code, "%s: %s", path, rec.Body)
	return rec.Body.String()
}

// profileOf returns a profile of stacks, which are a leaf's name and its value,
// below main.main.
func profileOf(kind collector.Kind, stacks map[string]int64) *profile.Profile {
	types := map[collector.Kind][]*profile.ValueType{
		collector.KindHeap:      {{Type: "alloc_space", Unit: "bytes"}, {Type: "inuse_space", Unit: "bytes"}},
		collector.KindGoroutine: {{Type: "goroutine", Unit: "count"}},
	}[kind]
	if types == nil {
		types = []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}}
	}
	p := &profile.Profile{SampleType: types}
	call := func(name string) *profile.Location {
		f := &profile.Function{ID: uint64(len(p.Function) + 1), Name: name, Filename: "/etc/passwd"}
		l := &profile.Location{ID: f.ID, Line: []profile.Line{{Function: f, Line: 1}}}
		p.Function, p.Location = append(p.Function, f), append(p.Location, l)
		return l
	}
	root := call("main.main")
	for name, value := range stacks {
		s := &profile.Sample{Location: []*profile.Location{call(name), root}}
		for range types {
			s.Value = append(s.Value, value)
		}
		p.Sample = append(p.Sample, s)
	}
	return p
}

func (w *world) bytes(p *profile.Profile) []byte {
	w.t.Helper()
	var b bytes.Buffer
	require.NoError(w.t, p.Write(&b))
	return b.Bytes()
}

// put stores a profile and returns its ID.
func (w *world) put(m collector.Meta, p *profile.Profile) string {
	w.t.Helper()
	m.File = m.Kind.File()
	if m.CreatedAt.IsZero() {
		m.CreatedAt = at()
	}
	return w.commit(collector.Record{Profile: &m}, map[string][]byte{m.File: w.bytes(p)}).Profiles[0].ID
}

func (w *world) commit(r collector.Record, contents map[string][]byte) collector.Receipt {
	w.t.Helper()
	d, err := w.store.Draft(w.t.Context())
	require.NoError(w.t, err)
	defer d.Discard()
	for name, content := range contents {
		to, err := d.Add(name)
		require.NoError(w.t, err)
		_, err = to.Write(content)
		require.NoError(w.t, err)
	}
	receipt, err := d.Commit(w.t.Context(), r)
	require.NoError(w.t, err)
	return receipt
}

// eventOf is an event.json. Extra is more of its fields.
func eventOf(id, service, signal, extra string) string {
	return fmt.Sprintf(`{"id":%q,"state":"confirmed","at":"2026-05-04T03:02:01Z",
"trigger":{"signal":%q,"reason":"diff","value":61.5,"limit":2,"baseline":20,"held_seconds":15,"sentence":"CPU 61 %% for 15 s","window":[20,21,19,60,61.5]},
"diagnosis":{"sentence":"main.work (work.go:7) took 90 %% of the extra CPU","confident":true,
 "culprits":[{"function":"main.work","file":"work.go","line":7,"share":0.9,"delta":5e9,"unit":"nanoseconds","score":9.1,"evidence":"cpu"}]},
"labels":{"service":%q,"instance":"pod-1","version":"1.2.3"},"holmes":{"version":"1.0"},
"readings":{"cores":2,"rss_bytes":1048576,"cgroup":{"cpu_seconds":1.5,"memory":[{"usage_bytes":1024}]}}%s}`, id, signal, service, extra)
}

// putEvent stores an event with profiles by file.
func (w *world) putEvent(text string, profiles map[string][]byte) {
	w.t.Helper()
	e, err := collector.ReadEvent([]byte(text))
	require.NoError(w.t, err)
	contents := map[string][]byte{collector.EventFile: []byte(text)}
	maps.Copy(contents, profiles)
	w.commit(collector.Record{Key: collector.EventKey(e.ID), Event: e}, contents)
}
