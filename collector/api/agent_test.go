package api_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/grafana/pyroscope-go"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
)

const agentEnv = "HOLMES_API_TEST_AGENT"

// agent runs Pyroscope's agent until the input ends, if this process is started for
// that.
func agent() {
	address := os.Getenv(agentEnv)
	if address == "" {
		return
	}
	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1)
	p, err := pyroscope.Start(pyroscope.Config{
		ApplicationName: "agent", ServerAddress: address, UploadRate: time.Second,
		Tags: map[string]string{"region": "eu"}, BasicAuthUser: "any", BasicAuthPassword: "secret",
		ProfileTypes: []pyroscope.ProfileType{
			pyroscope.ProfileCPU, pyroscope.ProfileAllocSpace, pyroscope.ProfileInuseSpace, pyroscope.ProfileGoroutines,
			pyroscope.ProfileMutexCount, pyroscope.ProfileMutexDuration, pyroscope.ProfileBlockCount, pyroscope.ProfileBlockDuration,
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	var load sync.WaitGroup
	var mu sync.Mutex
	for range 2 {
		load.Go(func() {
			for ctx.Err() == nil {
				mu.Lock()
				_ = bytes.Repeat([]byte("x"), 10_000)
				mu.Unlock()
			}
		})
	}
	load.Wait()
	p.Flush(true)
	_ = p.Stop()
	os.Exit(0)
}

// A tap is a proxy that keeps the profiles that were accepted.
type tap struct {
	t       *testing.T
	handler http.Handler

	mu     sync.Mutex
	counts map[string]int // by the names of the values
	totals map[string]int64
	seen   chan string
}

func (p *tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		p.t.Errorf("agent: %v", err)
		return
	}
	answer := httptest.NewRecorder()
	p.handler.ServeHTTP(answer, r)
	if answer.Code != http.StatusOK {
		p.t.Errorf("agent is answered %d: %s", answer.Code, answer.Body)
	}
	parts := multipart.NewReader(bytes.NewReader(raw), params["boundary"])
	part, err := parts.NextPart()
	if err != nil {
		p.t.Errorf("agent: %v", err)
		return
	}
	kind := p.count(part)
	w.WriteHeader(answer.Code)
	select {
	case p.seen <- kind:
	default:
	}
}

// count adds a profile to the totals.
func (p *tap) count(r io.Reader) (kind string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	parsed, err := profile.Parse(r)
	if err != nil {
		p.t.Errorf("agent: %v", err)
		return ""
	}
	kind = parsed.SampleType[len(parsed.SampleType)-1].Type
	p.counts[kind]++
	addTotals(p.totals, parsed)
	return kind
}

func addTotals(totals map[string]int64, p *profile.Profile) {
	for _, s := range p.Sample {
		for i, v := range s.Value {
			totals[p.SampleType[i].Type+"/"+p.SampleType[i].Unit] += v
		}
	}
}

// Pyroscope's agent runs in a process of its own: all its profiles are found, with
// the right kind and the totals that it sent.
func TestPyroscopeAgent(t *testing.T) {
	w := newWorld(t)
	p := &tap{t: t, handler: w.Config.Handler, counts: map[string]int{}, totals: map[string]int64{}, seen: make(chan string, 100)}
	server := httptest.NewServer(p)
	defer server.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), agentEnv+"="+server.URL)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	for seen := map[string]bool{}; len(seen) < 4; { // cpu, inuse_space, goroutine, delay
		select {
		case kind := <-p.seen:
			seen[kind] = true
		case <-time.After(30 * time.Second):
			require.FailNow(t, "the agent sends nothing more", "%v", seen)
		}
	}
	require.NoError(t, in.Close())
	require.NoError(t, cmd.Wait())

	stored := map[string]int64{}
	kinds := map[collector.Kind]int{}
	for m, err := range w.store.Find(t.Context(), collector.Query{Service: "agent", Labels: collector.Labels{{Key: "region", Value: "eu"}}}) {
		require.NoError(t, err)
		kinds[m.Kind]++
		require.Equal(t, "go", m.Labels.Get("process.runtime.name"))
		require.Empty(t, m.Labels.Get("__session_id__"))
		parsed, err := profile.Parse(strings.NewReader(w.get("/api/0/profiles/" + m.ID).body))
		require.NoError(t, err)
		addTotals(stored, parsed)
	}
	require.Equal(t, p.totals, stored)
	require.Positive(t, stored["cpu/nanoseconds"])
	require.Positive(t, stored["alloc_space/bytes"])
	require.Equal(t, map[collector.Kind]int{
		collector.KindCPU: p.counts["cpu"], collector.KindHeap: p.counts["inuse_space"], collector.KindGoroutine: p.counts["goroutine"],
		collector.KindMutex: kinds[collector.KindMutex], collector.KindBlock: p.counts["delay"] - kinds[collector.KindMutex],
	}, kinds)
	require.Positive(t, kinds[collector.KindMutex])
	require.Positive(t, kinds[collector.KindBlock])
	t.Logf("%v", kinds)
}
