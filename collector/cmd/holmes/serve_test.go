package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/go-holmes/holmes/reporters"
	"github.com/go-holmes/holmes/reporters/reportertest"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/internal/command"
)

const upload = "/api/0/profiles?service=shop&type=heap"

func heapProfile(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, pprof.WriteHeapProfile(&b))
	return b.Bytes()
}

// cpuProfile returns a CPU profile of this process, which may have no samples.
func cpuProfile(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, pprof.StartCPUProfile(&b))
	pprof.StopCPUProfile()
	return b.Bytes()
}

// The commands of the help work.
func TestServeWithCurlAndPprof(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not installed")
	}
	p := serving(t, t.TempDir(), []string{"HOLMES_READ_TOKEN=r-secret", "HOLMES_WRITE_TOKEN=w-secret"})
	file := filepath.Join(t.TempDir(), "heap.pb.gz")
	require.NoError(t, os.WriteFile(file, heapProfile(t), 0o600))
	out, err := exec.CommandContext(t.Context(), curl, "-sS", "-H", "Authorization: Bearer w-secret",
		"--data-binary", "@"+file, p.url+upload+"&labels=version=1.2.3").Output()
	require.NoError(t, err)
	var answer struct {
		Code int
		Body struct{ ID string }
	}
	require.NoError(t, json.Unmarshal(out, &answer), "%s", out)
	require.Equal(t, 200, answer.Code)

	cmd := exec.CommandContext(t.Context(), "go", "tool", "pprof", "-top",
		strings.Replace(p.url, "://", "://any:r-secret@", 1)+"/api/0/profiles/"+answer.Body.ID)
	cmd.Env = append(os.Environ(), "PPROF_TMPDIR="+t.TempDir())
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", text)
	require.Contains(t, string(text), "Type: inuse_space")
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.wait())
}

// SIGTERM lets an upload under way end, and the process ends in time though one
// client hangs.
func TestSigtermLetsUploadsEnd(t *testing.T) {
	dir := t.TempDir()
	drain := 2 * time.Second
	if testkit.IsHeavy() {
		drain = 8 * time.Second // the default
	}
	p := serving(t, dir, nil, "-drain", drain.String())
	hanging, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.url, "http://"))
	require.NoError(t, err)
	defer hanging.Close()
	_, err = fmt.Fprint(hanging, "POST /api/0/profiles?service=s&type=cpu HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n\x1f\x8b\x08")
	require.NoError(t, err)

	heap := heapProfile(t)
	r, body := io.Pipe()
	answered := make(chan string, 1)
	go func() {
		status, text, err := p.request(http.MethodPost, upload, r)
		answered <- fmt.Sprint(status, " ", err, " ", text)
	}()
	_, err = body.Write(heap[:len(heap)/2])
	require.NoError(t, err)
	require.Eventually(t, func() bool { // the server has both requests
		_, text, err := p.request(http.MethodGet, "/metrics", nil)
		return err == nil && strings.Contains(text, "holmes_uploads 2\n")
	}, 10*time.Second, time.Millisecond)

	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool {
		_, _, err := p.request(http.MethodGet, "/healthz", nil)
		return err != nil
	}, 10*time.Second, time.Millisecond, "still listening")
	_, err = body.Write(heap[len(heap)/2:])
	require.NoError(t, err)
	require.NoError(t, body.Close())
	require.Contains(t, <-answered, `200 <nil> {"code":200`)
	require.NoError(t, p.wait())

	p = serving(t, dir, nil)
	_, text, err := p.request(http.MethodGet, "/api/1/profiles", nil)
	require.NoError(t, err)
	require.Contains(t, text, `"service":"shop"`)
	require.NotContains(t, text, `"service":"s"`)
}

// The process is killed again and again while holmes's own reporter sends events
// and repeats them. Each acknowledged event is stored once.
func TestKilledServerKeepsEachEventOnce(t *testing.T) {
	total, life := 30, 150*time.Millisecond
	if testkit.IsHeavy() {
		total, life = 10_000, 2*time.Second
	}
	dir := t.TempDir()
	p := &pool{t: t, dir: dir}
	p.start()
	events := make(chan *holmes.Event)
	var senders sync.WaitGroup
	for range 4 {
		senders.Go(func() {
			for e := range events {
				p.send(t.Context(), e)
			}
		})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range total {
			events <- reportertest.MemoryEvent(t)
		}
		close(events)
		senders.Wait()
	}()
	kills := 0
	for running := true; running; {
		select {
		case <-done:
			running = false
		case <-time.After(life):
			p.kill()
			kills++
		}
	}
	t.Logf("%d events over %d kills", total, kills)
	require.Positive(t, kills)
	p.kill()
	p.requireOnce()
}

// A pool is a server that is killed and started again at another address.
type pool struct {
	t   *testing.T
	dir string

	mu      sync.Mutex
	process *process
	sent    []*holmes.Event
}

func (p *pool) start() { p.process = serving(p.t, p.dir, nil) }

func (p *pool) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.process.Process.Kill()
	_ = p.process.wait()
	p.start()
}

// send sends an event until it is acknowledged.
func (p *pool) send(ctx context.Context, e *holmes.Event) {
	for ctx.Err() == nil {
		p.mu.Lock()
		at := p.process.url
		p.mu.Unlock()
		r, err := reporters.NewHTTP(at + "/api/1/events")
		if err != nil {
			p.t.Errorf("%v", err)
			return
		}
		if err = r.Report(ctx, e); err == nil {
			p.mu.Lock()
			p.sent = append(p.sent, e)
			p.mu.Unlock()
			return
		}
		if holmes.IsPermanent(err) {
			p.t.Errorf("%v", err)
			return
		}
	}
}

// requireOnce checks that each acknowledged event is stored once and complete.
func (p *pool) requireOnce() {
	p.t.Helper()
	status, text, err := p.process.request(http.MethodGet, "/api/1/events?limit=10000", nil)
	require.NoError(p.t, err)
	require.Equal(p.t, http.StatusOK, status)
	var answer struct {
		Events []struct {
			ID       string
			Profiles []struct{ ID string }
		}
	}
	require.NoError(p.t, json.Unmarshal([]byte(text), &answer))
	require.Len(p.t, answer.Events, len(p.sent))
	profiles := map[string]int{}
	for _, e := range answer.Events {
		profiles[e.ID] = len(e.Profiles)
		status, _, err := p.process.request(http.MethodGet, "/api/0/profiles/"+e.Profiles[0].ID, nil)
		require.NoError(p.t, err)
		require.Equal(p.t, http.StatusOK, status)
	}
	for _, e := range p.sent {
		require.Equal(p.t, 3, profiles[e.ID], e.ID)
	}
}

// A second server on the same directory fails.
func TestServeTwice(t *testing.T) {
	dir := t.TempDir()
	serving(t, dir, nil)
	got := call(t, nil, "serve", "-data", dir, "-addr", "127.0.0.1:0")
	require.Equal(t, command.ExitError, got.code)
	require.Contains(t, got.err, "another process has it open")
}

// Probes and metrics have an address of their own, without a token. SIGHUP makes
// tokens be read again, and ends nothing.
func TestServeProbesAndReloads(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "tokens")
	require.NoError(t, os.WriteFile(file, []byte("old\n"), 0o600))
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	probes := listener.Addr().String()
	require.NoError(t, listener.Close())
	p := serving(t, filepath.Join(dir, "data"), nil, "-probe-addr", probes, "-prefix", "/holmes/", "-read-token-file", file, "-write-token-file", file)
	status := func(base, path, token string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, http.NoBody)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		req.Close = true
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode
	}
	for path, want := range map[string]int{"/healthz": 200, "/holmes/healthz": 200, "/holmes/readyz": 200, "/holmes/metrics": 200, "/holmes/": 404, "/readyz": 200, "/metrics": 200, "/api/1/events": 404, "/": 404, "/debug/pprof/heap": 404} {
		require.Equal(t, want, status("http://"+probes, path, ""), path)
	}
	require.Equal(t, 200, status(p.url, "/debug/pprof/heap", "old"))
	require.NoError(t, os.WriteFile(file, []byte("new\n"), 0o600))
	require.NoError(t, p.Process.Signal(syscall.SIGHUP))
	require.Eventually(t, func() bool { return status(p.url, "/api/1/events", "new") == 200 }, 10*time.Second, time.Millisecond)
	require.Equal(t, 401, status(p.url, "/api/1/events", "old"))
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.wait())
}
