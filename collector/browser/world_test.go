package browser_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/files"
	"github.com/go-holmes/holmes/collector/pages"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
)

// evil is the name of a function that is markup and a script.
const evil = "main.<script>alert(1)</script>"

// now is the time of all requests.
func now() time.Time { return time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC) }

// A world is a collector with the evidence of a small fleet.
type world struct {
	*httptest.Server
	t *testing.T
}

func newWorld(t *testing.T) *world {
	t.Helper()
	store, err := files.Open(t.Context(), t.TempDir(), files.Options{Now: now})
	require.NoError(t, err)
	web, err := pages.New(pages.Config{Store: store, Now: now, Module: "example.com/shop", Fault: func(r *http.Request, err error) {
		t.Errorf("%s: %v", r.URL, err)
	}})
	require.NoError(t, err)
	handler, err := api.New(api.Config{Store: store, Open: true, Pages: web, Now: now})
	require.NoError(t, err)
	w := &world{Server: httptest.NewServer(handler), t: t}
	t.Cleanup(func() {
		w.Close()
		require.NoError(t, store.Close())
	})
	return w
}

func (w *world) post(path, contentType string, body []byte) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.URL+path, bytes.NewReader(body))
	require.NoError(w.t, err)
	req.Header.Set("Content-Type", contentType)
	resp, err := w.Client().Do(req)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	var text bytes.Buffer
	_, err = text.ReadFrom(resp.Body)
	require.NoError(w.t, err)
	require.Less(w.t, resp.StatusCode, 300, text.String())
}

// event sends an event as holmes does, with one profile and a trace.
func (w *world) event(text, file string, content []byte) {
	w.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	part, err := m.CreateFormField("event")
	require.NoError(w.t, err)
	_, err = part.Write([]byte(text))
	require.NoError(w.t, err)
	for name, raw := range map[string][]byte{file: content, "trace.out": append([]byte("go 1.26 trace\x00\x00\x00"), make([]byte, 100)...)} {
		part, err := m.CreateFormFile("profile", name)
		require.NoError(w.t, err)
		_, err = part.Write(raw)
		require.NoError(w.t, err)
	}
	require.NoError(w.t, m.Close())
	w.post("/api/1/events", m.FormDataContentType(), b.Bytes())
}

// A builder makes a profile of stacks.
type builder struct {
	*profile.Profile
	calls map[string]*profile.Location
}

func newBuilder(types ...string) *builder {
	b := &builder{Profile: &profile.Profile{TimeNanos: now().Add(-time.Hour).UnixNano()}, calls: map[string]*profile.Location{}}
	for _, t := range types {
		name, unit, _ := strings.Cut(t, "/")
		b.SampleType = append(b.SampleType, &profile.ValueType{Type: name, Unit: unit})
	}
	return b
}

func (b *builder) call(name string) *profile.Location {
	if l := b.calls[name]; l != nil {
		return l
	}
	id := uint64(len(b.Function) + 1)
	f := &profile.Function{ID: id, Name: name}
	l := &profile.Location{ID: id, Line: []profile.Line{{Function: f, Line: int64(id)}}}
	b.Function, b.Location = append(b.Function, f), append(b.Location, l)
	b.calls[name] = l
	return l
}

// add adds a stack, root first.
func (b *builder) add(value int64, calls ...string) {
	s := &profile.Sample{}
	for _, name := range calls {
		s.Location = append([]*profile.Location{b.call(name)}, s.Location...)
	}
	for range b.SampleType {
		s.Value = append(s.Value, value)
	}
	b.Sample = append(b.Sample, s)
}

func (b *builder) bytes(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, b.Write(&out))
	return out.Bytes()
}

// cpu is a CPU profile of a shop; coupons is the time of its guilty function.
func cpu(coupons int64) *builder {
	b := newBuilder("samples/count", "cpu/nanoseconds")
	b.DurationNanos = int64(10 * time.Second)
	serve := []string{"main.main", "net/http.(*Server).Serve", "net/http.(*conn).serve", "net/http.serverHandler.ServeHTTP", "github.com/go-chi/chi/v5.(*Mux).ServeHTTP"}
	add := func(value int64, calls ...string) { b.add(value*1e6, append(slices.Clip(serve), calls...)...) }
	add(coupons, "example.com/shop/cart.(*Cart).Checkout", "example.com/shop/cart.applyCoupons", "strings.Contains", "internal/bytealg.IndexString")
	add(coupons/3, "example.com/shop/cart.(*Cart).Checkout", "example.com/shop/cart.applyCoupons", "example.com/shop/cart.(*Coupon).matches[...]")
	add(coupons/9, "example.com/shop/cart.(*Cart).Checkout", "example.com/shop/cart.applyCoupons")
	add(400, "example.com/shop/cart.(*Cart).Checkout", "example.com/shop/money.Sum")
	add(900, "example.com/shop/search.Query", "slices.SortFunc[...]", "slices.pdqsortCmpFunc[...]")
	add(500, "example.com/shop/search.Query", "github.com/blevesearch/bleve.(*Index).Search", "github.com/blevesearch/bleve.score")
	add(350, "example.com/shop/order.List", "encoding/json.Marshal", "encoding/json.(*encodeState).reflectValue", "encoding/json.structEncoder.encode")
	add(120, "example.com/shop/order.List", evil, "fmt.Sprintf")
	b.add(800e6, "runtime.gcBgMarkWorker", "runtime.gcDrain", "runtime.scanobject")
	b.add(200e6, "runtime.mstart", "runtime.schedule", "runtime.findRunnable")
	return b
}

// heap is a heap profile of more than a megabyte.
func heap(t *testing.T) []byte {
	t.Helper()
	b := newBuilder("alloc_objects/count", "alloc_space/bytes", "inuse_objects/count", "inuse_space/bytes")
	random := rand.New(rand.NewPCG(1, 2))
	for {
		for range 2000 {
			calls := []string{"main.main"}
			pkg := int(400 * math.Pow(random.Float64(), 4)) // few are large, as in programs
			for depth := range 6 + random.IntN(30) {
				calls = append(calls, fmt.Sprintf("example.com/shop/internal/pkg%d.(*Type%d).Method%d", pkg+depth/4, int(9*math.Pow(random.Float64(), 6)), int(float64(3+depth)*math.Pow(random.Float64(), 6))))
			}
			b.add(random.Int64N(1<<20), calls...)
		}
		if raw := b.bytes(t); len(raw) > 1_200_000 {
			return raw
		}
	}
}

const eventText = `{"id":"20260504T110000.000000000Z-%[1]s-%[2]d","state":"confirmed","at":"2026-05-04T1%[2]d:00:00Z",
"trigger":{"signal":"%[1]s","reason":"diff","value":%[3]d,"limit":2,"baseline":21,"held_seconds":15,"sentence":"%[4]s",
 "window":[20,22,21,19,23,21,20,22,20,19,24,22,21,20,58,60,63,61,64,60,62,65,61,63,60,62,61,64,62,61]},
"diagnosis":{"sentence":"%[5]s","confident":true,
 "culprits":[{"function":"%[6]s","file":"coupon.go","line":41,"share":0.71,"delta":1.9e9,"unit":"nanoseconds","score":9.1,"evidence":"cpu"},
  {"function":"main.<script>alert(1)</script>","file":"x.go","line":7,"share":0.02,"delta":5e7,"unit":"nanoseconds","score":1.2,"evidence":"cpu"}]},
"profiles":[{"kind":"%[7]s","file":"%[7]s.pb.gz","start":"2026-05-04T10:00:02Z","duration_seconds":15,"note":""},
 {"kind":"trace","file":"trace.out","start":"2026-05-04T10:00:02Z"},{"kind":"goroutine","note":"100 412 goroutines would have taken 600 ms"}],
"labels":{"service":"shop","instance":"shop-7f9c","version":"1.4.2"},"holmes":{"version":"1.0.0"},
"readings":{"cores":2,"cpu_percent":61.2,"rss_bytes":241172480,"memory_used_bytes":204472320,"memory_limit_bytes":536870912,"goroutines":412,"threads":14,"cgroup":{"throttled_seconds":1.25}},
"cost":{"seconds":0.004,"bytes":48123}}`

// furnish fills the collector.
func (w *world) furnish() {
	w.t.Helper()
	event := func(hour, value int, signal, sentence, diagnosis, culprit, kind string, content []byte) {
		w.event(fmt.Sprintf(eventText, signal, hour, value, sentence, diagnosis, culprit, kind), kind+".pb.gz", content)
	}
	event(1, 61, "cpu", "CPU 61 % for 15 s: 190 % above its 2-minute mean of 21 % (rule: 25 % and 10 points)",
		"example.com/shop/cart.applyCoupons (coupon.go:41) took 71 % of the extra CPU", "example.com/shop/cart.applyCoupons", "cpu", cpu(6100).bytes(w.t))
	event(0, 82, "mem", "memory 82 % of 512 MiB for 15 s, above 80 %", "example.com/shop/session.remember (session.go:9) allocated 88 % of the extra heap",
		"example.com/shop/session.remember", "heap", heap(w.t))
	for n, version := range []string{"1.4.1", "1.4.1", "1.4.2"} {
		b := cpu(int64(400 + 5000*(n/2)))
		b.TimeNanos = now().Add(-time.Duration(10+n) * time.Hour).UnixNano()
		w.post("/api/0/profiles?service=shop&type=cpu&labels=instance=shop-7f9c,version="+version, "application/octet-stream", b.bytes(w.t))
	}
}
