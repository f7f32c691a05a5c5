package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters"
	"github.com/go-holmes/holmes/reporters/reportertest"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/api"
)

func reporter(t *testing.T, w *world, opts ...reporters.HTTPOption) *reporters.HTTP {
	t.Helper()
	r, err := reporters.NewHTTP(w.URL+"/api/1/events", opts...)
	require.NoError(t, err)
	return r
}

// The events that holmes's own reporter sends arrive whole, once each.
func TestEventsOfTheRealReporter(t *testing.T) {
	w := newWorld(t)
	r := reporter(t, w)
	for name, e := range map[string]*holmes.Event{
		"disk": reportertest.DiskEvent(t), "memory": reportertest.MemoryEvent(t), "empty": reportertest.EmptyEvent(t),
	} {
		t.Run(name, func(t *testing.T) {
			for range 3 {
				require.NoError(t, r.Report(t.Context(), e))
			}
			w.requireEvent(t, e)
		})
	}
	require.Equal(t, 3, w.store.Usage().Uploads)
}

// requireEvent checks that an event can be found, and that its files are those that
// were sent.
func (w *world) requireEvent(t *testing.T, e *holmes.Event) {
	t.Helper()
	var got api.Event
	a := w.get("/api/1/events/" + e.ID)
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.NoError(t, json.Unmarshal([]byte(a.body), &got))
	require.Equal(t, e.ID, got.ID)
	require.Equal(t, e.Labels["service"], got.Service)
	require.Equal(t, string(e.Trigger.Sample.Signal), got.Signal)
	require.Equal(t, e.Trigger.Reason.Code, got.Reason)
	require.Equal(t, e.Sentence(), got.Sentence)
	require.True(t, e.At.Equal(got.At))
	raw, err := json.Marshal(e)
	require.NoError(t, err)
	require.Equal(t, string(raw), w.get("/api/1/events/"+e.ID+"/event.json").body)
	captured := 0
	for i := range e.Profiles {
		p := &e.Profiles[i]
		if !p.Captured() {
			continue
		}
		f, err := p.Open()
		require.NoError(t, err)
		want, err := io.ReadAll(f)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		stored := got.Profiles[captured]
		require.Equal(t, p.File, stored.File)
		require.EqualValues(t, p.Kind, stored.Type)
		require.Equal(t, string(want), w.get("/api/1/events/"+e.ID+"/"+p.File).body)
		require.Equal(t, string(want), w.get("/api/0/profiles/"+stored.ID).body)
		captured++
	}
	require.Len(t, got.Profiles, captured)
}

// The reporter repeats an event if another attempt may succeed, and only then.
func TestEventsThatAreRefused(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Tokens.Write, c.Limits.Login = "secret", time.Nanosecond })
	require.NoError(t, reporter(t, w, reporters.WithToken("secret")).Report(t.Context(), reportertest.DiskEvent(t)))
	err := reporter(t, w).Report(t.Context(), reportertest.DiskEvent(t))
	require.ErrorContains(t, err, "401")
	require.False(t, holmes.IsPermanent(err), "a token can be mended")
	err = reporter(t, w, reporters.WithToken("guess")).Report(t.Context(), reportertest.DiskEvent(t))
	require.ErrorContains(t, err, "401")
	bad := reportertest.MemoryEvent(t)
	bad.Profiles = append(bad.Profiles, holmes.MemoryProfile(holmes.KindCPU, "cpu.pb.gz", []byte("no profile")))
	err = reporter(t, w, reporters.WithToken("secret")).Report(t.Context(), bad)
	require.ErrorContains(t, err, "cpu.pb.gz: not a profile")
	require.True(t, holmes.IsPermanent(err))
	require.Equal(t, 1, w.store.Usage().Uploads)
}

// A fullStore is a store on a full disk.
type fullStore struct{ collector.Store }

func (fullStore) Draft(context.Context) (collector.Draft, error) {
	return nil, &collector.Error{Code: collector.Full, Message: "the disk is full", RetryAfter: time.Minute}
}

// The sender is told to repeat after a full disk.
func TestFullDiskIsRetried(t *testing.T) {
	core, logged := observer.New(zap.WarnLevel)
	w := newWorld(t, func(c *api.Config) { c.Store, c.Log = fullStore{c.Store}, zap.New(core) })
	err := reporter(t, w).Report(t.Context(), reportertest.DiskEvent(t))
	require.ErrorContains(t, err, "507")
	require.False(t, holmes.IsPermanent(err))
	var hint interface{ RetryAfter() time.Duration }
	require.ErrorAs(t, err, &hint)
	require.Equal(t, time.Minute, hint.RetryAfter())
	require.Equal(t, http.StatusOK, w.get("/api/1/events").status)
	lines := logged.All()
	require.Len(t, lines, 1, "one line an upload")
	require.Equal(t, "upload refused", lines[0].Message)
}

// A brokenStore is a store with a fault.
type brokenStore struct{ collector.Store }

func (brokenStore) Draft(context.Context) (collector.Draft, error) {
	return nil, errors.New("input/output error")
}

// An upload that fails by a fault of the collector is one line, an error.
func TestFaultOfAnUploadIsLoggedOnce(t *testing.T) {
	core, logged := observer.New(zap.WarnLevel)
	w := newWorld(t, func(c *api.Config) { c.Store, c.Log = brokenStore{c.Store}, zap.New(core) })
	a := w.post("/api/0/profiles?service=shop&type=cpu", profileOf(t, "cpu", taken()))
	require.Equal(t, http.StatusInternalServerError, a.status)
	require.NotContains(t, a.body, "input/output")
	lines := logged.All()
	require.Len(t, lines, 1)
	require.Equal(t, zap.ErrorLevel, lines[0].Level)
	require.Equal(t, "input/output error", lines[0].ContextMap()["error"])
}

// A strictStore stores nothing for a context that has ended.
type strictStore struct{ collector.Store }

func (s strictStore) Draft(ctx context.Context) (collector.Draft, error) {
	d, err := s.Store.Draft(ctx)
	return strictDraft{d}, err
}

type strictDraft struct{ collector.Draft }

func (d strictDraft) Commit(ctx context.Context, r collector.Record) (collector.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return collector.Receipt{}, err
	}
	return d.Draft.Commit(ctx, r)
}

// A failedBody ends with an error, with which net/http ends the context of the request.
type failedBody struct {
	io.Reader
	cancel context.CancelFunc
	err    error
}

func (b *failedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) || n < len(p) {
		b.cancel()
		return n, b.err
	}
	return n, err
}

// A body that fails when its event is complete is answered with the reason, though its
// context has ended.
func TestFailedBodyIsAnswered(t *testing.T) {
	for failed, want := range map[error]int{os.ErrDeadlineExceeded: http.StatusRequestTimeout, io.ErrUnexpectedEOF: http.StatusBadRequest} {
		w := newWorld(t, func(c *api.Config) { c.Store = strictStore{c.Store} })
		body, contentType := form(t, part{"event", "", eventJSON("e1", "cpu.pb.gz")}, part{"profile", "cpu.pb.gz", profileOf(t, "cpu", taken())})
		ctx, cancel := context.WithCancel(t.Context())
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/api/1/events", &failedBody{bytes.NewReader(body), cancel, failed})
		r.Header.Set("Content-Type", contentType)
		r.Host = "127.0.0.1"
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		require.Equal(t, want, rec.Code, rec.Body)
		require.Contains(t, rec.Body.String(), `"error"`)
		require.Zero(t, w.store.Usage().Uploads)
	}
}

// A part of a multipart body.
type part struct {
	name, file string
	content    []byte
}

// form returns a multipart body and its content type.
func form(t *testing.T, parts ...part) ([]byte, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	require.NoError(t, w.SetBoundary("boundary"))
	for _, p := range parts {
		disposition := fmt.Sprintf("form-data; name=%q", p.name)
		if p.file != "" {
			disposition += fmt.Sprintf("; filename=%q", p.file)
		}
		to, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {disposition}})
		require.NoError(t, err)
		_, err = to.Write(p.content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes(), w.FormDataContentType()
}

// eventJSON returns an event.json with these changes.
func eventJSON(id string, profiles ...string) []byte {
	list := make([]string, len(profiles))
	for i, file := range profiles {
		kind, _, _ := strings.Cut(file, ".")
		list[i] = fmt.Sprintf(`{"kind":%q,"file":%q,"start":"2026-05-04T03:02:01Z","duration_seconds":10}`, kind, file)
	}
	return fmt.Appendf(nil, `{"id":%q,"state":"confirmed","at":"2026-05-04T03:02:00.5Z",
		"trigger":{"signal":"cpu","reason":"abs","value":91.5,"limit":2,"baseline":41,"sentence":"CPU 92 %%"},
		"diagnosis":{"sentence":"main.work","confident":true,"culprits":[{"function":"main.work"},{"function":"main.other"}]},
		"profiles":[%s],"labels":{"service":"shop","instance":"pod-1"},"unknown":{"a":1}}`, id, strings.Join(list, ","))
}

// Every answer of POST /api/1/events, and the searches afterwards.
func TestEventsOnTheWire(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Limits.EventBytes, c.Limits.ProfileBytes = 3<<20, 1<<20 })
	tr := &transcript{ids: map[string]string{}}
	cpu, heap := profileOf(t, "cpu", taken()), profileOf(t, "heap", time.Time{})
	whole := []part{{"event", "", eventJSON("e1", "cpu.pb.gz", "heap.pb.gz")}, {"profile", "cpu.pb.gz", cpu}, {"profile", "heap.pb.gz", heap}}
	post := func(title string, parts []part, headers ...string) {
		t.Helper()
		body, contentType := form(t, parts...)
		headers = append([]string{"Content-Type", contentType}, headers...)
		tr.record(title, "POST /api/1/events", w.post("/api/1/events", body, headers...))
	}
	event := func(raw []byte) []part { return []part{{"event", "", raw}} }

	post("a whole event", whole, "Idempotency-Key", "e1")
	post("the same again", whole, "Idempotency-Key", "e1")
	post("the same again, with other files", event(eventJSON("e1")))
	post("without profiles", event(eventJSON("e2")))
	post("a kind of a later version", []part{{"event", "", eventJSON("e3", "fish.pb.gz")}, {"profile", "fish.pb.gz", profileOf(t, "custom", taken())}})
	post("a trace", []part{{"event", "", eventJSON("e4", "trace.out")}, {"profile", "trace.out", trace()}})
	post("another key", event(eventJSON("e5")), "Idempotency-Key", "e6")
	post("no event", []part{{"profile", "cpu.pb.gz", cpu}})
	post("not JSON", event([]byte("{")))
	post("no id", event([]byte(`{}`)))
	post("an id that climbs", event(eventJSON("../e")))
	post("no service", event([]byte(`{"id":"e7","at":"2026-05-04T03:02:00Z","trigger":{"signal":"cpu","reason":"abs"},"labels":{}}`)))
	post("no time", event([]byte(`{"id":"e7","trigger":{"signal":"cpu","reason":"abs"},"labels":{"service":"s"}}`)))
	post("event.json too large", event(append(eventJSON("e8"), bytes.Repeat([]byte(" "), 1<<20)...)))
	post("a profile that event.json does not name", append(event(eventJSON("e9")), part{"profile", "cpu.pb.gz", cpu}))
	post("a profile twice", append(event(eventJSON("e9", "cpu.pb.gz")), part{"profile", "cpu.pb.gz", cpu}, part{"profile", "cpu.pb.gz", cpu}))
	post("two profiles of one name", append(event(eventJSON("e9", "cpu.pb.gz", "cpu.pb.gz")), part{"profile", "cpu.pb.gz", cpu}))
	post("a profile that did not come", event(eventJSON("e9", "cpu.pb.gz")))
	post("a file that climbs", append(event(eventJSON("e9", "../cpu.pb.gz")), part{"profile", "../cpu.pb.gz", cpu}))
	post("a part of another name", append(event(eventJSON("e9", "cpu.pb.gz")), part{"profiles", "cpu.pb.gz", cpu}))
	post("a profile of another kind", append(event(eventJSON("e9", "cpu.pb.gz")), part{"profile", "cpu.pb.gz", heap}))
	post("a profile of zeros", append(event(eventJSON("e9", "cpu.pb.gz")), part{"profile", "cpu.pb.gz", make([]byte, 2<<20)}))
	post("all too large", append(event(eventJSON("e9", "cpu.pb.gz")), part{"profile", "cpu.pb.gz", make([]byte, 4<<20)}))
	body, contentType := form(t, whole...)
	tr.record("not multipart", "POST /api/1/events", w.post("/api/1/events", body))
	cut := bytes.ReplaceAll(body, []byte("e1"), []byte("e9"))
	tr.record("cut off", "POST /api/1/events", w.post("/api/1/events", cut[:len(cut)-100], "Content-Type", contentType))
	tr.record("cut off before its end", "POST /api/1/events", w.post("/api/1/events", cut[:len(cut)-4], "Content-Type", contentType))
	require.Equal(t, 4, w.store.Usage().Uploads)

	maps.Copy(tr.ids, w.profileIDs(t))
	for _, query := range []string{
		"", "service=shop&limit=1", "signal=mem", "culprit=main.other&limit=1", "labels=instance%3Dpod-1&reason=abs&state=confirmed&limit=2",
		"from=2026-05-04T03:02:01", "from=x", "limit=10001", "limit=x",
	} {
		tr.record("searching", "GET /api/1/events?"+query, w.get("/api/1/events?"+query))
	}
	for _, path := range []string{
		"/events/e1", "/events/nobody", "/events/e1/event.json", "/events/e1/nothing",
		"/profiles?event=e1&type=cpu", "/profiles?service=nobody", "/profiles?type=x",
	} {
		tr.record("one", "GET /api/1"+path, w.get("/api/1"+path))
	}
	golden(t, "events.golden", tr.String())
}

func everything() collector.Query { return collector.Query{} }

// profileIDs returns the names of all profiles in a golden file.
func (w *world) profileIDs(t *testing.T) map[string]string {
	t.Helper()
	names := map[string]string{}
	for m, err := range w.store.Find(t.Context(), collector.Query{}) {
		require.NoError(t, err)
		names[m.ID] = fmt.Sprintf("<%s of %s>", m.File, m.Event)
	}
	return names
}

// A dump directory of the library is a source of events, too.
func TestEventOfADumpDirectory(t *testing.T) {
	w := newWorld(t)
	e := reportertest.DiskEvent(t)
	raw, err := os.ReadFile(filepath.Join(e.Dir, "event.json"))
	require.NoError(t, err)
	parsed, err := collector.ReadEvent(raw)
	require.NoError(t, err)
	require.Equal(t, e.ID, parsed.ID)
	require.NoError(t, reporter(t, w).Report(t.Context(), e))
	w.requireEvent(t, e)
}
