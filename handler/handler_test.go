package handler_test

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/handler"
	"github.com/go-holmes/holmes/internal/testkit"
)

// What was captured is listed and downloaded, as files and as a tar.
func TestEventsAreDownloaded(t *testing.T) {
	s := newSite(t)
	got := s.capture(t, "goroutine", "threadcreate")
	require.Equal(t, http.StatusOK, got.status, got.body)
	require.Equal(t, "application/json", got.header.Get("Content-Type"))
	var e holmes.Event
	require.NoError(t, json.Unmarshal([]byte(got.body), &e))
	require.NotNil(t, e.Readings)
	s.capture(t, "threadcreate")

	var events []struct {
		ID, State, Signal, Sentence string
		At                          time.Time
		Files                       []struct {
			Name  string
			Bytes int64
		}
	}
	require.NoError(t, json.Unmarshal([]byte(s.get(t, "/events").body), &events))
	require.Len(t, events, 2)
	listed := events[1] // the newest is first
	require.Equal(t, []string{e.ID, "confirmed", "manual", e.Sentence()}, []string{listed.ID, listed.State, listed.Signal, listed.Sentence})
	require.WithinDuration(t, e.At, listed.At, 0)

	var names []string
	for _, f := range listed.Files {
		names = append(names, f.Name)
		file := s.get(t, "/events/"+e.ID+"/"+f.Name)
		require.Equal(t, http.StatusOK, file.status)
		require.Len(t, file.body, int(f.Bytes))
		require.Equal(t, string(testkit.Must(os.ReadFile(filepath.Join(s.dir, e.ID, f.Name)))(t)), file.body)
		if strings.HasSuffix(f.Name, ".pb.gz") {
			testkit.Must(diagnose.Parse([]byte(file.body)))(t)
			require.Equal(t, `attachment; filename="`+e.ID+"-"+f.Name+`"`, file.header.Get("Content-Disposition"))
		}
	}
	require.Equal(t, []string{"event.json", "goroutine.pb.gz", "summary.txt", "threadcreate.pb.gz"}, names)

	all := s.get(t, "/events/"+e.ID)
	require.Equal(t, `attachment; filename="`+e.ID+`.tar"`, all.header.Get("Content-Disposition"))
	var packed []string
	for in := tar.NewReader(strings.NewReader(all.body)); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		require.Equal(t, e.ID, path.Dir(h.Name))
		require.Equal(t, string(testkit.Must(os.ReadFile(filepath.Join(s.dir, h.Name)))(t)), string(testkit.Must(io.ReadAll(in))(t)))
		packed = append(packed, path.Base(h.Name))
	}
	require.Equal(t, names, packed)
}

func TestProfileIsMounted(t *testing.T) {
	s := newSite(t)
	got := s.get(t, "/profile?seconds=1")
	require.Equal(t, http.StatusOK, got.status, got.body)
	testkit.Must(diagnose.Parse([]byte(got.body)))(t)
	require.Contains(t, s.get(t, "/").body, `href="profile?seconds=10"`)
}

// No name leads out of an event, to a file of the store, or to anything but a regular
// file of the dump path.
func TestNothingElseIsServed(t *testing.T) {
	s := newSite(t)
	require.Equal(t, http.StatusOK, s.capture(t, "heap").status)
	e := testkit.Must(s.CaptureNow(t.Context(), holmes.KindHeap))(t)
	outside := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.Mkdir(outside, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(outside, "event.json"), []byte(`{"id": "secret"}`), 0o600))
	const linked = "20260102T030405.000000000Z-cpu-00000001"
	require.NoError(t, os.Symlink(outside, filepath.Join(s.dir, linked)))
	require.NoError(t, os.Symlink(filepath.Join(outside, "event.json"), filepath.Join(e.Dir, "link.pb.gz")))
	require.NoError(t, os.Symlink("heap.pb.gz", filepath.Join(e.Dir, "inside.pb.gz")))
	require.NoError(t, os.Mkdir(filepath.Join(e.Dir, "folder"), 0o700))
	pipe(t, filepath.Join(e.Dir, "pipe.pb.gz"))
	require.FileExists(t, filepath.Join(e.Dir, ".sealed"))
	require.NoError(t, os.MkdirAll(filepath.Join(s.dir, "blackbox"), 0o700)) // which holmes may have made
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "blackbox", "event.json"), nil, 0o600))

	for _, path := range []string{
		"/events/" + e.ID + "/..", "/events/" + e.ID + "/%2e%2e", "/events/" + e.ID + "/..%2f" + e.ID + "%2fheap.pb.gz",
		"/events/" + e.ID + "/.sealed", "/events/" + e.ID + "/", "/events/" + e.ID + "/none", "/events/" + e.ID + "/a%00b",
		"/events/" + e.ID + "/link.pb.gz", "/events/" + e.ID + "/inside.pb.gz", "/events/" + e.ID + "/folder", "/events/" + e.ID + "/pipe.pb.gz",
		"/events/" + e.ID + "/%2fetc%2fpasswd", "/events/" + e.ID + `/..%5c..%5cx`,
		"/events/..", "/events/%2e%2e/event.json", "/events/%2e%2e", "/events/blackbox", "/events/blackbox/event.json", "/events/%2e/.lock", "/events/.lock",
		"/events/" + e.ID + "%2f" + "heap.pb.gz", "/events/" + linked[:len(linked)-1] + "2", "/events/" + linked[:len(linked)-1] + "2/event.json",
		"/none", "/profile2", "/debug/holmes/",
	} {
		require.Contains(t, []int{http.StatusNotFound, http.StatusTemporaryRedirect, http.StatusMovedPermanently}, s.get(t, path).status, path)
	}
	for _, path := range []string{"/events/" + linked + "/event.json", "/events/" + linked} {
		require.NotContains(t, s.get(t, path).body, "secret", path)
	}
	require.NotContains(t, s.get(t, "/events/"+e.ID).body, "pipe.pb.gz")
	require.NotContains(t, s.get(t, "/").body, "secret")
}

// A capture is a POST from here, or from a program.
func TestOnlyAPostOfTheSameOriginCaptures(t *testing.T) {
	s := newSite(t)
	require.Equal(t, http.StatusMethodNotAllowed, s.get(t, "/capture").status)
	require.Equal(t, http.StatusMethodNotAllowed, s.ask(t, "POST", "/", nil).status)
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example.com"}, {"Origin", "null"},
	} {
		require.Equal(t, http.StatusForbidden, s.ask(t, "POST", "/capture", nil, headers...).status, headers)
	}
	require.JSONEq(t, "[]", s.get(t, "/events").body)
	require.Zero(t, s.Stats().Cost.Captures)

	// A browser sends no Sec-Fetch-Site over plain http, except to loopback, and an
	// origin only if the policy of the page lets it.
	require.Equal(t, "same-origin", s.get(t, "/").header.Get("Referrer-Policy"))
	origin, _, _ := strings.Cut(s.url, "/debug")
	require.Equal(t, http.StatusOK, s.ask(t, "POST", "/capture", map[string][]string{"kind": {"threadcreate"}}, "Origin", origin).status)

	got := s.ask(t, "POST", "/capture", map[string][]string{"kind": {"threadcreate"}}, "Sec-Fetch-Site", "same-origin", "Accept", "text/html,*/*")
	require.Equal(t, http.StatusSeeOther, got.status)
	id := strings.TrimPrefix(got.header.Get("Location"), "./#")
	require.Contains(t, s.get(t, "/").body, `<article id="`+id+`">`)

	require.Equal(t, http.StatusBadRequest, s.capture(t, "everything").status)
	require.Equal(t, http.StatusBadRequest, s.capture(t, "block").status)
	require.Equal(t, http.StatusBadRequest, s.ask(t, "POST", "/capture", map[string][]string{"kind": {strings.Repeat("x", 1<<17)}}).status)
}

func TestOneCaptureAtATime(t *testing.T) {
	s := newSite(t, holmes.WithCPUSamplingTime("60s"))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r := httptest.NewRequestWithContext(ctx, "POST", "/capture", strings.NewReader("kind=cpu"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		s.direct.ServeHTTP(httptest.NewRecorder(), r)
	}()
	require.Eventually(t, func() bool {
		got := s.capture(t, "nothing") // refused at once, if there is no other
		return got.status == http.StatusTooManyRequests && got.header.Get("Retry-After") != ""
	}, time.Minute, time.Millisecond)
	cancel() // what was taken until then is an event
	<-done
	require.Equal(t, http.StatusBadRequest, s.capture(t, "nothing").status)
	require.Eventually(t, func() bool { return s.Stats().Dump.Events == 1 }, time.Minute, time.Millisecond)
}

// A capture and a download may take longer than the server gives other answers.
func TestCaptureOutlivesTheWriteTimeout(t *testing.T) {
	s := newSite(t, holmes.WithCPUSamplingTime("100ms"))
	server := httptest.NewUnstartedServer(handler.New(s.Holmes))
	server.Config.WriteTimeout = 10 * time.Millisecond
	server.Start()
	defer server.Close()
	s.url = server.URL
	require.Equal(t, http.StatusOK, s.capture(t, "cpu").status)
}

// A source of the user's, whose values JSON cannot hold.
type odd struct{}

func (odd) Signal() holmes.Signal { return "odd" }
func (odd) Read(time.Time) (holmes.Sample, error) {
	return holmes.Sample{}, errors.New("<i>not today</i>")
}

// refusing is a reporter with a name and an error that are markup.
type refusing struct{}

func (refusing) Name() string { return "<b>bold</b>" }
func (refusing) Report(context.Context, *holmes.Event) error {
	return holmes.Permanent(errors.New("<script>alert(1)</script>"))
}

func TestStatus(t *testing.T) {
	s := newSite(t, holmes.WithReporter(refusing{}), holmes.WithSource(odd{}, holmes.Threshold{Abs: 1}))
	s.capture(t, "threadcreate")
	require.Eventually(t, func() bool { return s.Stats().Reporters[0].LastErr != nil }, time.Minute, time.Millisecond)
	var status struct {
		Version       string
		Running       bool
		Err           any
		UptimeSeconds float64 `json:"uptime_seconds"`
		Signals       []struct {
			Signal string
			WhyNot string `json:"why_not"`
			Limit  float64
		}
		Reporters []struct {
			Name    string
			LastErr string `json:"last_err"`
			Dropped map[string]int
		}
		Dump struct {
			Dir      string
			InMemory int `json:"in_memory"`
		}
		Cost struct {
			CaptureCPUSeconds float64 `json:"capture_cpu_seconds"`
			ForcedGC          int     `json:"forced_gc"`
		}
		Baseline struct{ At any }
	}
	got := s.get(t, "/status")
	require.Equal(t, "application/json", got.header.Get("Content-Type"))
	require.NoError(t, json.Unmarshal([]byte(got.body), &status))
	require.Equal(t, holmes.Version, status.Version)
	require.True(t, status.Running)
	require.Positive(t, status.UptimeSeconds)
	require.Nil(t, status.Err)
	require.Nil(t, status.Baseline.At)
	require.Equal(t, "cpu", status.Signals[0].Signal)
	require.NotEmpty(t, status.Signals[0].WhyNot)
	require.Equal(t, "<b>bold</b>", status.Reporters[0].Name)
	require.Equal(t, "<script>alert(1)</script>", status.Reporters[0].LastErr)
	require.Equal(t, s.dir, status.Dump.Dir)
}

func TestStatusOfWhatJSONCannotHold(t *testing.T) {
	require.Nil(t, handler.Plain(math.NaN()))
	require.Nil(t, handler.Plain(math.Inf(-1)))
	require.InDelta(t, 1.5, handler.Plain(1.5), 0)
	for name, want := range map[string]string{
		"LastErr": "last_err", "CaptureCPU": "capture_cpu", "ForcedGC": "forced_gc", "CPU": "cpu", "GOMEMLIMITBytes": "gomemlimit_bytes", "At": "at", "": "",
	} {
		require.Equal(t, want, handler.Snake(name))
	}
}

// All names, errors and sentences are text on the page, which loads and runs nothing.
func TestPage(t *testing.T) {
	s := newSite(t, holmes.WithReporter(refusing{}), holmes.WithSource(odd{}, holmes.Threshold{Abs: 1}))
	e := testkit.Must(s.CaptureNow(t.Context(), holmes.KindThreadcreate))(t)
	require.Eventually(t, func() bool {
		stats := s.Stats()
		return stats.Reporters[0].LastErr != nil && stats.Signals[len(stats.Signals)-1].Err != nil
	}, time.Minute, time.Millisecond)
	e.Diagnosis.Sentence = `main."><img src=x onerror=alert(2)>`
	require.NoError(t, os.WriteFile(filepath.Join(e.Dir, "event.json"), testkit.Must(json.Marshal(e))(t), 0o600))
	const broken = "20260102T030405.000000000Z-mem-00000001"
	require.NoError(t, os.Mkdir(filepath.Join(s.dir, broken), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, broken, "event.json"), []byte("{"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, broken, `"><i>.txt`), nil, 0o600))
	got := s.get(t, "/")
	require.Equal(t, http.StatusOK, got.status)
	require.Equal(t, "text/html; charset=utf-8", got.header.Get("Content-Type"))
	for _, text := range []string{"<b>bold", "<script", "<img", "<i>"} {
		require.NotContains(t, got.body, text)
	}
	for _, text := range []string{
		"&lt;b&gt;bold", "&lt;script&gt;alert(1)", "&lt;img src=x onerror=alert(2)&gt;", "&lt;i&gt;not today", "unexpected end of JSON",
		s.WhyNot(holmes.SignalGoroutine)[:10], `href="events/` + e.ID + `/threadcreate.pb.gz"`, `href="events/` + broken + `/%22%3e%3ci%3e.txt"`,
	} {
		require.Contains(t, got.body, text)
	}
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(got.body)[1]
	sum := sha256.Sum256([]byte(style))
	policy := got.header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	require.Contains(t, policy, "style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	require.NotRegexp(t, `(?i)(src|href|action)="?(https?:)?//`, got.body)
}

// The page is there when holmes is not.
func TestHolmesThatDoesNotRun(t *testing.T) {
	stopped := testkit.Must(holmes.New(holmes.WithDumpPath(t.TempDir()), holmes.WithLogger(nil)))(t)
	inert, err := holmes.New(holmes.WithCollectInterval("<soon>"))
	require.Error(t, err)
	t.Setenv("HOLMES_OFF", "true")
	off := testkit.Must(holmes.New(holmes.WithLogger(nil), holmes.FromEnv()))(t)
	require.NoError(t, off.Start())
	for name, tt := range map[string]struct {
		h            *holmes.Holmes
		says, events string
	}{
		"stopped": {stopped, "not running", "has not been started"},
		"off":     {off, "off</strong> by HOLMES_OFF", "holmes is off by HOLMES_OFF"},
		"inert":   {inert, "&lt;soon&gt;", "<soon>"},
		"nil":     {nil, "inert", "inert"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, tt.h)
			require.Contains(t, s.get(t, "/").body, tt.says)
			require.NotContains(t, s.get(t, "/").body, "<form")
			require.Equal(t, http.StatusServiceUnavailable, s.capture(t, "heap").status)
			require.Equal(t, http.StatusOK, s.get(t, "/status").status)
			require.Equal(t, http.StatusServiceUnavailable, s.get(t, "/events").status)
			require.Contains(t, s.get(t, "/events").body, tt.events)
		})
	}
}

// Events in memory cannot be downloaded, and a pause is told.
func TestMemoryOnly(t *testing.T) {
	s := newSite(t, holmes.WithMemoryOnly(true))
	s.Pause(3 * time.Hour)
	got := s.ask(t, "POST", "/capture", map[string][]string{"kind": {"threadcreate"}}, "Accept", "text/html")
	require.Equal(t, http.StatusOK, got.status)
	require.Contains(t, got.body, "The event is in memory, by WithMemoryOnly: captured on demand")
	page := s.get(t, "/").body
	require.Contains(t, page, "events are in memory only, by WithMemoryOnly")
	require.Contains(t, page, "paused</strong> for 2 h 59 min more")
	require.Equal(t, http.StatusServiceUnavailable, s.get(t, "/events").status)
}

// An event that the disk refuses is answered all the same.
func TestDumpPathThatCannotBeUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	s := newSite(t, holmes.WithDumpPath(file))
	require.Equal(t, http.StatusOK, s.capture(t, "threadcreate").status)
	got := s.ask(t, "POST", "/capture", map[string][]string{"kind": {"threadcreate"}}, "Accept", "text/html")
	require.Equal(t, http.StatusOK, got.status)
	require.Contains(t, got.body, "The event is in memory, because the disk refuses it: captured on demand")
	require.Contains(t, s.get(t, "/").body, "the dump path cannot be used")
	require.Equal(t, http.StatusServiceUnavailable, s.get(t, "/events").status)
	require.Equal(t, http.StatusServiceUnavailable, s.get(t, "/events/20260102T030405.000000000Z-mem-00000001").status)
}
