package api_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/files"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) {
	agent() // does not return in a process that the test of Pyroscope's agent has started
	goleak.VerifyTestMain(m)
}

// now is the time of all requests.
func now() time.Time { return time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC) }

// A world is a server with a store of its own.
type world struct {
	*httptest.Server
	t       *testing.T
	store   *files.Store
	handler *api.Handler
}

func newWorld(t *testing.T, change ...func(*api.Config)) *world {
	t.Helper()
	store, err := files.Open(t.Context(), testkit.FastDir(t), files.Options{Now: now})
	require.NoError(t, err)
	c := api.Config{Store: store, Open: true, Now: now, Version: api.Version{Version: "v1.2.3", Commit: "abc", BuildTime: "then"}}
	for _, do := range change {
		do(&c)
	}
	handler, err := api.New(c)
	require.NoError(t, err)
	w := &world{Server: httptest.NewServer(handler), t: t, store: store, handler: handler}
	t.Cleanup(func() {
		w.Close()
		require.NoError(t, store.Close())
	})
	return w
}

// An answer is what came back, read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

// do makes a request. Headers are pairs of name and value.
func (w *world) do(method, path string, body io.Reader, headers ...string) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.URL+path, body)
	require.NoError(w.t, err)
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := w.Client().Do(req)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return answer{resp.StatusCode, resp.Header, string(raw)}
}

func (w *world) get(path string) answer {
	w.t.Helper()
	return w.do(http.MethodGet, path, nil)
}

func (w *world) post(path string, body []byte, headers ...string) answer {
	w.t.Helper()
	return w.do(http.MethodPost, path, bytes.NewReader(body), headers...)
}

// taken is the time of the tests' profiles.
func taken() time.Time { return time.Date(2026, 5, 4, 3, 2, 1, 500_000_000, time.UTC) }

// valueTypes are the values of the profiles that tests make.
var valueTypes = map[string][]*profile.ValueType{
	"cpu":          {{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
	"heap":         {{Type: "alloc_objects", Unit: "count"}, {Type: "alloc_space", Unit: "bytes"}, {Type: "inuse_objects", Unit: "count"}, {Type: "inuse_space", Unit: "bytes"}},
	"contention":   {{Type: "contentions", Unit: "count"}, {Type: "delay", Unit: "nanoseconds"}},
	"goroutine":    {{Type: "goroutine", Unit: "count"}},
	"threadcreate": {{Type: "threadcreate", Unit: "count"}},
	"custom":       {{Type: "fish", Unit: "count"}},
}

// profileOf returns a profile with these values, taken at that time.
func profileOf(t *testing.T, kind string, at time.Time) []byte {
	t.Helper()
	return profileWith(t, valueTypes[kind], at)
}

func profileWith(t *testing.T, types []*profile.ValueType, at time.Time) []byte {
	t.Helper()
	f := &profile.Function{ID: 1, Name: "main.work", Filename: "main.go"}
	l := &profile.Location{ID: 1, Line: []profile.Line{{Function: f, Line: 7}}}
	p := &profile.Profile{SampleType: types, Function: []*profile.Function{f}, Location: []*profile.Location{l}}
	s := &profile.Sample{Location: []*profile.Location{l}}
	for i := range p.SampleType {
		s.Value = append(s.Value, int64(i+1)*10)
	}
	p.Sample = []*profile.Sample{s}
	if !at.IsZero() {
		p.TimeNanos, p.DurationNanos = at.UnixNano(), int64(10*time.Second)
	}
	var b bytes.Buffer
	require.NoError(t, p.WriteUncompressed(&b))
	return stored(b.Bytes())
}

// stored returns data as a gzip file of one block that is not compressed: what
// compress/gzip makes of it has another size in each release of Go.
func stored(data []byte) []byte {
	out := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1}
	n := uint16(len(data))
	out = binary.LittleEndian.AppendUint16(out, n)
	out = binary.LittleEndian.AppendUint16(out, ^n)
	out = append(out, data...)
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(data))
	return binary.LittleEndian.AppendUint32(out, uint32(n))
}

// largeProfile returns one of about that many bytes.
func largeProfile(t *testing.T, size int) []byte {
	t.Helper()
	p, err := profile.ParseData(profileOf(t, "cpu", taken()))
	require.NoError(t, err)
	for size > 0 {
		name := make([]byte, 500)
		_, _ = rand.Read(name)
		p.Comments = append(p.Comments, hex.EncodeToString(name)) // inflates to the double
		size -= len(name)
	}
	var b bytes.Buffer
	require.NoError(t, p.Write(&b))
	return b.Bytes()
}

func gunzip(t *testing.T, raw []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(raw))
	require.NoError(t, err)
	plain, err := io.ReadAll(r)
	require.NoError(t, err)
	return plain
}

// trace begins as execution traces do.
func trace() []byte { return append([]byte("go 1.26 trace\x00\x00\x00"), make([]byte, 100)...) }

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	wanted, lines := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range max(len(wanted), len(lines)) {
		require.Less(t, i, min(len(wanted), len(lines)), "%s ends too early or too late", path)
		require.Equal(t, wanted[i], lines[i], "%s:%d; go test -update writes it", path, i+1)
	}
}

// transcript collects requests and answers for a golden file.
type transcript struct {
	strings.Builder
	ids map[string]string // of profiles, to their names in the golden file
}

// record writes down a request and its answer, and returns it.
func (tr *transcript) record(title, request string, a answer) answer {
	text := a.body
	for id, name := range tr.ids {
		text = strings.ReplaceAll(text, id, name)
		request = strings.ReplaceAll(request, id, name)
	}
	tr.WriteString("# " + title + "\n" + request + "\n" + http.StatusText(a.status) + "\n")
	for _, name := range []string{"Content-Type", "Content-Disposition", "Allow", "Retry-After", "Www-Authenticate", "X-Holmes-Profiles"} {
		for _, value := range a.header.Values(name) {
			tr.WriteString(name + ": " + value + "\n")
		}
	}
	if strings.HasPrefix(a.header.Get("Content-Type"), "application/octet-stream") {
		text = "(content)\n"
	}
	tr.WriteString(text + "\n")
	return a
}
