package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/pprofread"
	"github.com/go-holmes/holmes/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// service serves net/http/pprof, without holmes.
func service(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL + "/debug/pprof/"
}

// A sink is a receiver that accepts and keeps all requests.
type sink struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string // path and query
	bodies   [][]byte
	auth     string
	answer   func(n int, w http.ResponseWriter)
}

func newSink(t *testing.T) *sink {
	t.Helper()
	s := new(sink)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests, s.bodies = append(s.requests, r.URL.String()), append(s.bodies, body)
		s.auth = r.Header.Get("Authorization")
		if s.answer != nil {
			s.answer(len(s.requests), w)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func none(string) string { return "" }

// call runs the command and returns its status and its output.
func call(t *testing.T, stdin io.Reader, getenv func(string) string, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	code := run(context.Background(), args, getenv, stdin, &out)
	return code, out.String()
}

func TestPushesToAll(t *testing.T) {
	from, to, dir := service(t), newSink(t), t.TempDir()
	code, said := call(t, nil, func(name string) string { return map[string]string{"HOLMES_TOKEN": "s3cr3t"}[name] },
		"-service", "shop", "-instance", "pod-7", "-label", "region=eu", "-from", from, "-seconds", "1",
		"-kinds", "cpu,heap,allocs,goroutine,threadcreate,mutex,block,trace",
		"-to", "file="+dir, "-to", "collector="+to.URL, "-to", "profefe="+to.URL, "-to", "pyroscope="+to.URL)
	require.Zero(t, code, said)
	require.NotContains(t, said, "s3cr3t")
	require.Equal(t, "Bearer s3cr3t", to.auth)
	all := strings.Join(to.requests, "\n")
	require.Equal(t, 1, strings.Count(all, "/api/1/events"))
	require.Equal(t, 8, strings.Count(all, "/api/0/profiles?"))
	require.Equal(t, 7, strings.Count(all, "/ingest?"), "a trace is no profile")

	e := stored(t, dir)
	require.Contains(t, said, e.ID)
	require.Equal(t, map[string]string{"service": "shop", "instance": "pod-7", "region": "eu"}, e.Labels)
	require.Equal(t, "continuous", e.Trigger.Reason.Code)
	require.Equal(t, "profiles from "+from, e.Sentence())
	require.Len(t, e.Profiles, 8)
	cpu := e.Profile(holmes.KindCPU)
	require.InDelta(t, 1, cpu.Duration.Seconds(), 0.5)
	raw := testkit.Must(os.ReadFile(e.Profile(holmes.KindGoroutine).Path))(t)
	p := testkit.Must(pprofread.Parse(raw))(t)
	require.Equal(t, "goroutine", pprofread.KindOf(p))
}

func stored(t *testing.T, dir string) *holmes.Event {
	t.Helper()
	found := testkit.Must(filepath.Glob(filepath.Join(dir, "*", "event.json")))(t)
	require.Len(t, found, 1)
	e := testkit.Must(holmes.LoadEvent(filepath.Dir(found[0])))(t)
	return e
}

// Profiles that curl has fetched, from a pipe and from files.
func TestPushesWhatItIsGiven(t *testing.T) {
	from, dir := service(t), t.TempDir()
	heap := fetched(t, from+"heap")
	kept := filepath.Join(t.TempDir(), "goroutine")
	require.NoError(t, os.WriteFile(kept, fetched(t, from+"goroutine"), 0o600))
	code, said := call(t, bytes.NewReader(heap), none,
		"-service", "shop", "-in", "heap=-", "-in", "goroutine="+kept, "-in", "heap="+kept, "-to", "file="+dir)
	require.Zero(t, code, said)
	e := stored(t, dir)
	require.Len(t, e.Profiles, 3)
	got := testkit.Must(os.ReadFile(filepath.Join(e.Dir, "heap.pb.gz")))(t)
	require.Equal(t, heap, got)
	require.FileExists(t, filepath.Join(e.Dir, "heap-3.pb.gz"))
	require.False(t, e.Profiles[0].Start.IsZero())
}

func fetched(t *testing.T, url string) []byte {
	t.Helper()
	req := testkit.Must(http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody))(t)
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	raw := testkit.Must(io.ReadAll(resp.Body))(t)
	return raw
}

// A busy receiver is tried again; one that refuses does not affect the others.
func TestTriesAgain(t *testing.T) {
	from, busy, refuses, dir := service(t), newSink(t), newSink(t), t.TempDir()
	busy.answer = func(n int, w http.ResponseWriter) {
		if n < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	refuses.answer = func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) }
	code, said := call(t, nil, none, "-service", "shop", "-kinds", "heap", "-from", from,
		"-to", "http="+busy.URL, "-to", "http="+refuses.URL+"/no", "-to", "file="+dir)
	require.Equal(t, 1, code)
	require.Len(t, busy.requests, 3)
	require.Len(t, refuses.requests, 1)
	require.Contains(t, said, "tried again in")
	require.Contains(t, said, refuses.URL+"/no does not have event")
	stored(t, dir)
}

func TestGivesUpInTime(t *testing.T) {
	from, busy := service(t), newSink(t)
	busy.answer = func(_ int, w http.ResponseWriter) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusTooManyRequests)
	}
	code, said := call(t, nil, none, "-service", "shop", "-kinds", "heap", "-from", from, "-to", "http="+busy.URL, "-timeout", "50s", "-quiet")
	require.Equal(t, 1, code)
	require.Len(t, busy.requests, 1)
	require.Contains(t, said, "no time is left")
}

// Missing profiles are reported, and the others are pushed.
func TestSaysWhatItCannotHave(t *testing.T) {
	dir := t.TempDir()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/heap":
			_, _ = io.WriteString(w, "<html>log in first")
		case "/goroutine":
			http.Error(w, "no", http.StatusForbidden)
		default:
			_, _ = w.Write([]byte{0x1f, 0x8b, 0})
		}
	}))
	defer page.Close()
	at := strings.Replace(page.URL, "http://", "http://me:hunter2@", 1)
	code, said := call(t, nil, none, "-service", "shop", "-kinds", "heap,goroutine,mutex", "-from", at, "-to", "file="+dir)
	require.Equal(t, 1, code)
	require.Contains(t, said, `missing: heap: the answer is no profile: it begins with "<html>log in first"`)
	require.Contains(t, said, "goroutine: the service answered 403 Forbidden")
	require.NotContains(t, said, "hunter2")
	require.Len(t, stored(t, dir).Profiles, 1)

	page.Close()
	code, said = call(t, nil, none, "-service", "shop", "-kinds", "heap", "-from", at, "-to", "file="+dir)
	require.Equal(t, 1, code)
	require.Contains(t, said, "refused")
	require.NotContains(t, said, "hunter2")
}

func TestQuietIsQuiet(t *testing.T) {
	code, said := call(t, nil, none, "-quiet", "-service", "shop", "-kinds", "heap", "-from", service(t), "-to", "file="+t.TempDir())
	require.Zero(t, code)
	require.Empty(t, said)
}

func TestWrongCalls(t *testing.T) {
	env := map[string]string{}
	for says, args := range map[string][]string{
		"-service is missing":            {"-to", "file=x"},
		"-to is missing":                 {"-service", "shop"},
		"-to nonsense: is not known":     {"-service", "shop", "-to", "nonsense=x"},
		"-to collector: holmes: the re":  {"-service", "shop", "-to", "collector=http://elsewhere"},
		"want key=value":                 {"-service", "shop", "-to", "file"},
		`kind "disk" is not known`:       {"-service", "shop", "-to", "file=x", "-kinds", "heap,disk"},
		`kind "text" is not known`:       {"-service", "shop", "-to", "file=x", "-in", "text=x"},
		"-from is no URL":                {"-service", "shop", "-to", "file=x", "-from", "localhost:6060"},
		"-seconds 0":                     {"-service", "shop", "-to", "file=x", "-seconds", "0"},
		"-timeout -1s":                   {"-service", "shop", "-to", "file=x", "-timeout", "-1s"},
		`argument "more" is not known`:   {"-service", "shop", "-to", "file=x", "more"},
		"flag provided but not defined":  {"-nonsense"},
		"certificate authorities: open ": {"-service", "shop", "-to", "http=https://x", "-ca", "/none"},
		"client certificate":             {"-service", "shop", "-to", "http=https://x", "-cert", "/none"},
	} {
		code, said := call(t, nil, func(name string) string { return env[name] }, args...)
		require.Equal(t, 2, code, said)
		require.Contains(t, said, says)
	}
	env["HOLMES_USER"] = "hunter2"
	code, said := call(t, nil, func(name string) string { return env[name] }, "-service", "shop", "-to", "file=x")
	require.Equal(t, 2, code)
	require.Contains(t, said, "HOLMES_USER is not of the form")
	require.NotContains(t, said, "hunter2")
}

// The help names all flags, and its examples and those of the README run.
func TestHelpTeaches(t *testing.T) {
	code, help := call(t, nil, none, "-help")
	require.Zero(t, code)
	for _, word := range []string{"-from", "-kinds", "-in", "-to", "-tenant", "-plain-http", "HOLMES_TOKEN", "HOLMES_USER", "profefe=URL", "pyroscope=URL", "file=DIR", "crontab"} {
		require.Contains(t, help, word)
	}
	readme := testkit.Must(os.ReadFile("README.md"))(t)
	ran := 0
	for _, text := range []string{help, string(readme)} {
		for line := range strings.SplitSeq(strings.ReplaceAll(text, "\\\n", ""), "\n") {
			if _, args, ok := strings.Cut(line, "agentless -service shop"); ok || strings.Contains(line, "agentless -quiet") {
				runExample(t, line, args)
				ran++
			}
		}
	}
	require.Equal(t, 6, ran)
}

// runExample runs a command as written, with its addresses replaced.
func runExample(t *testing.T, line, args string) {
	t.Helper()
	if args == "" {
		_, args, _ = strings.Cut(line, "-service shop")
	}
	from, to := service(t), newSink(t)
	var stdin io.Reader
	if strings.Contains(line, "curl -s") {
		stdin = bytes.NewReader(fetched(t, from+"heap"))
	} else if !strings.Contains(args, "-from") {
		args += " -from " + from
	}
	args = strings.NewReplacer(
		"http://localhost:6060/debug/pprof/", from, "-seconds 10", "", "http://localhost:10100", to.URL, "http://localhost:8080", to.URL,
		"http://localhost:4040", to.URL, "/var/lib/evidence", t.TempDir(),
	).Replace(args) + " -seconds 1"
	code, said := call(t, stdin, none, append([]string{"-service", "shop"}, strings.Fields(args)...)...)
	require.Zero(t, code, "%s\n%s", line, said)
	require.NotEmpty(t, to.requests)
}
