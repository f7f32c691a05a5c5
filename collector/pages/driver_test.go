package pages_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
)

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

func get(t *testing.T, path string) *http.Request {
	t.Helper()
	return httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
}

// driverPages returns the address of pprof's pages of a profile.
func (w *world) driverPages(query string) string {
	w.t.Helper()
	m := regexp.MustCompile(`href="(/pprof/[^/]+/)flamegraph"`).FindStringSubmatch(w.page("/flame?" + query))
	require.NotNil(w.t, m)
	return m[1]
}

func TestDriverPages(t *testing.T) {
	w := furnished(t)
	at := w.driverPages("event=" + cpuEvent + "&file=cpu.pb.gz")
	for page, part := range map[string]string{
		"flamegraph": "main.work", "top": `"main.work"`, "peek?f=work": "main.work", "top?si=samples": "main.work", "flamegraph?f=rest": "main.rest",
	} {
		rec := w.get(at + page)
		require.Equal(t, http.StatusOK, rec.Code, "%s: %s", page, rec.Body)
		body := rec.Body.String()
		require.Contains(t, body, part)
		require.NotContains(t, body, "<script>")
		require.Contains(t, body, "#disasm")
		policy := rec.Header().Get("Content-Security-Policy")
		nonce := regexp.MustCompile(`script-src 'nonce-([^']+)'$`).FindStringSubmatch(policy)
		require.NotNil(t, nonce, policy)
		require.Equal(t, strings.Count(body, "<script "), strings.Count(body, `nonce="`+nonce[1]+`"`))
		require.Contains(t, policy, "sandbox allow-scripts allow-downloads")
		require.NotContains(t, policy, "allow-same-origin")
	}
	rec := w.get(strings.TrimSuffix(at, "/"))
	require.Equal(t, at+"flamegraph", rec.Header().Get("Location"))
	rec = w.get(at + "peek?f=(")
	require.Equal(t, http.StatusBadRequest, rec.Code)

	one, err := profile.ParseData(w.get(at + "download").Body.Bytes())
	require.NoError(t, err)
	require.EqualValues(t, 12e9, total(one))
}

// total is the sum of the second values.
func total(p *profile.Profile) (sum int64) {
	for _, s := range p.Sample {
		sum += s.Value[1]
	}
	return sum
}

// No page of pprof reads or writes a file of the server, whatever a profile or an
// address contains.
func TestDriverReadsNoFiles(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "config"))
	t.Setenv("PPROF_TMPDIR", filepath.Join(home, "tmp"))
	t.Setenv("TMPDIR", home)
	secret := filepath.Join(home, "secret.go")
	require.NoError(t, os.WriteFile(secret, []byte("package secret // the content\n"), 0o600))

	w := newWorld(t)
	p := profileOf(collector.KindCPU, map[string]int64{"main.work": 9e9})
	for _, f := range p.Function {
		f.Filename = secret
	}
	p.Mapping = []*profile.Mapping{{ID: 1, Start: 1, Limit: 1 << 40, File: secret, BuildID: "../../../etc", HasFunctions: true}}
	for _, l := range p.Location {
		l.Mapping, l.Address = p.Mapping[0], 0x1000
	}
	id := w.put(collector.Meta{Service: "shop", Kind: collector.KindCPU}, p)
	before := w.driverPages("id=" + id)
	for _, page := range []string{
		"source?f=work", "disasm?f=work", "weblist?f=work", "list", "saveconfig?config=x", "deleteconfig?config=x", "..%2Fsource", "source_path", "symbolz", "nothing",
	} {
		rec := w.get(before + page)
		require.Equal(t, http.StatusNotFound, rec.Code, "%s: %s", page, rec.Body)
	}
	for _, page := range []string{"flamegraph", "top", "peek?f=.", "download", "flamegraph?source_path=/etc&trim_path=/&tools=/bin&symbolize=force&output=/tmp/x"} {
		require.NotContains(t, w.page(before+page), "the content")
	}
	left, err := os.ReadDir(home)
	require.NoError(t, err)
	require.Len(t, left, 1, "something was written: %v", left)
}

// The profile of pprof's pages is bounded, and its sum stays.
func TestDriverTrims(t *testing.T) {
	w := newWorld(t)
	stacks := map[string]int64{}
	for i := range 12_000 {
		stacks[fmt.Sprint("main.f", i)] = int64(i + 1)
	}
	id := w.put(collector.Meta{Service: "shop", Kind: collector.KindCPU}, profileOf(collector.KindCPU, stacks))
	one, err := profile.ParseData(w.get(w.driverPages("id="+id) + "download").Body.Bytes())
	require.NoError(t, err)
	require.Len(t, one.Sample, 8001)
	require.EqualValues(t, 12_000*12_001/2, total(one))
}

// A comparison is the profile of go tool pprof -diff_base.
func TestDriverDifference(t *testing.T) {
	w := newWorld(t)
	after := w.put(collector.Meta{Service: "shop", Kind: collector.KindCPU}, profileOf(collector.KindCPU, map[string]int64{"main.a": 50, "main.b": 10}))
	base := w.put(collector.Meta{Service: "shop", Kind: collector.KindCPU}, profileOf(collector.KindCPU, map[string]int64{"main.a": 20, "main.c": 5}))
	one, err := profile.ParseData(w.get(w.driverPages("id="+after+"&base_id="+base) + "download").Body.Bytes())
	require.NoError(t, err)
	require.EqualValues(t, 35, total(one))
	var labelled int
	for _, s := range one.Sample {
		if s.HasLabel("pprof::base", "true") {
			labelled++
			require.Negative(t, s.Value[1])
		}
	}
	require.Equal(t, 2, labelled)
}

// Sessions are dropped when they are not used or too many, and made again.
func TestDriverSessions(t *testing.T) {
	w := newWorld(t)
	var pages []string
	for n := range 20 {
		id := w.put(collector.Meta{Service: "shop", Kind: collector.KindCPU}, profileOf(collector.KindCPU, map[string]int64{fmt.Sprint("main.f", n): 1}))
		pages = append(pages, w.driverPages("id="+id))
	}
	for n, page := range pages {
		w.now = w.now.Add(time.Second)
		require.Contains(t, w.page(page+"top"), fmt.Sprint("main.f", n))
	}
	require.Equal(t, 16, w.pages.Sessions())
	require.Contains(t, w.page(pages[0]+"top"), "main.f0") // made again
	require.Equal(t, 16, w.pages.Sessions())
	w.now = w.now.Add(time.Hour)
	require.Contains(t, w.page(pages[7]+"top"), "main.f7")
	require.Equal(t, 1, w.pages.Sessions())
	require.Equal(t, http.StatusNotFound, w.get("/pprof/%25%25/top").Code)
	require.Equal(t, http.StatusBadRequest, w.get("/pprof/AAAA/top").Code)
}

func TestDriverAtOnce(t *testing.T) {
	w := furnished(t)
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			rec := newRecorder()
			w.pages.ServeHTTP(rec, get(t, []string{"/pprof/dHlwZT1jcHU/top", "/pprof/dHlwZT1oZWFw/flamegraph"}[n%2]))
			if rec.Code != http.StatusOK {
				t.Errorf("%d %s", rec.Code, rec.Body)
			}
		})
	}
	group.Wait()
}

func TestGraph(t *testing.T) {
	w := furnished(t)
	rec := w.get("/graph.svg?event=" + cpuEvent + "&file=cpu.pb.gz")
	if _, err := exec.LookPath("dot"); err != nil {
		require.Equal(t, http.StatusNotImplemented, rec.Code)
		require.Contains(t, rec.Body.String(), "Graphviz")
		t.Skip("Graphviz is not installed")
	}
	require.Equal(t, http.StatusOK, rec.Code, rec.Body)
	require.True(t, bytes.Contains(rec.Body.Bytes(), []byte("<svg")))
	require.Contains(t, rec.Body.String(), "main")
}
