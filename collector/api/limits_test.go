package api_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/api"
)

// Hostile profiles of every shape, 32 at once, are refused, and all of them
// together take less memory than the bound.
func TestHostileUploadsAreRefused(t *testing.T) {
	w := newWorld(t)
	shapes := map[string][]byte{}
	n := 0
	for name, raw := range proftest.Hostile(t) {
		if n++; n%raceFactor == 0 {
			shapes[name] = raw
		}
	}
	require.Greater(t, n, 10)
	before := mapped()
	var all sync.WaitGroup
	next := make(chan string)
	for range 32 {
		all.Go(func() {
			for name := range next {
				for _, path := range []string{"/api/0/profiles?service=s&type=cpu", "/ingest?name=s"} {
					began := time.Now()
					resp, err := http.Post(w.URL+path, "", strings.NewReader(string(shapes[name]))) //nolint:noctx // it ends with the server
					if err != nil {
						t.Errorf("%s: %v", name, err)
						continue
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
					if resp.StatusCode != http.StatusBadRequest && resp.StatusCode != http.StatusRequestEntityTooLarge {
						t.Errorf("%s: %d", name, resp.StatusCode)
					}
					if took := time.Since(began); took > time.Second {
						t.Logf("%s took %v", name, took)
					}
				}
			}
		})
	}
	for name := range shapes {
		next <- name
	}
	close(next)
	all.Wait()
	grown := mapped() - before
	t.Logf("%d shapes, memory grew by %d MiB", len(shapes), grown>>20)
	require.LessOrEqual(t, grown, uint64(512<<20))
	require.Zero(t, w.store.Usage())
}

// A large CPU profile is checked to its end: one that is cut off, has a flipped bit,
// or inflates without end is refused, though its beginning is valid.
func TestLargeCPUProfileIsReadToItsEnd(t *testing.T) {
	w := newWorld(t)
	const upload = "/api/0/profiles?service=shop&type=%s"
	good := proftest.Real(t)["compile-large-cpu"]
	for n := 1; n < len(good); n += len(good) / testkit.Heavy(50, 10) {
		require.Equal(t, http.StatusBadRequest, w.post(fmt.Sprintf(upload, "cpu"), good[:n]).status, "the first %d bytes", n)
		flipped := bytes.Clone(good)
		flipped[n] ^= 4
		require.Equal(t, http.StatusBadRequest, w.post(fmt.Sprintf(upload, "cpu"), flipped).status, "byte %d is flipped", n)
	}
	for _, kind := range []string{"heap", "goroutine", "mutex", "block", "threadcreate", "trace"} {
		a := w.post(fmt.Sprintf(upload, kind), good)
		require.Equal(t, http.StatusBadRequest, a.status)
		require.Contains(t, a.body, "the type is "+kind+", but the content is a cpu profile")
	}
	bomb := proftest.Zip(t, proftest.LargeCPU(bytes.Repeat(proftest.Message{}.Location(1), 8<<20)))
	before := mapped()
	for _, size := range []int{128 << 20, 8 * len(bomb), 64 << 10, 0} { // in its trailer
		binary.LittleEndian.PutUint32(bomb[len(bomb)-4:], uint32(size))
		require.Equal(t, http.StatusRequestEntityTooLarge, w.post(fmt.Sprintf(upload, "cpu"), bomb).status)
	}
	require.LessOrEqual(t, mapped()-before, uint64(512<<20))
	require.Zero(t, w.store.Usage())
}

// mapped is the memory that the process has obtained from the system.
func mapped() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// waitForUploads waits until the server receives that many.
func (w *world) waitForUploads(n float64) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		return metric(w.t, w.scrape(), "holmes_uploads").GetGauge().GetValue() == n
	}, 10*time.Second, time.Millisecond)
}

// Uploads and queries have bounds of their own: an upload above the bound is told
// when to come again, and searches go on.
func TestTooManyUploads(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Limits.Uploads, c.Limits.Idle, c.Limits.Yield = 2, time.Hour, time.Hour })
	var open []*io.PipeWriter
	var all sync.WaitGroup
	for range 2 {
		r, body := io.Pipe()
		open = append(open, body)
		all.Go(func() {
			a := w.do(http.MethodPost, "/api/0/profiles?service=s&type=cpu", r)
			if a.status != http.StatusBadRequest {
				t.Errorf("%d: %s", a.status, a.body)
			}
		})
		_, err := body.Write([]byte{0x1f, 0x8b, 8, 0}) // returns when the server reads it
		require.NoError(t, err)
	}
	w.waitForUploads(2)
	a := w.post("/api/0/profiles?service=s&type=cpu", []byte("x"))
	require.Equal(t, http.StatusServiceUnavailable, a.status)
	require.Equal(t, "2", a.header.Get("Retry-After"))
	require.Equal(t, http.StatusOK, w.get("/api/1/profiles").status)
	for _, body := range open {
		require.NoError(t, body.Close())
	}
	all.Wait()
	require.Equal(t, http.StatusBadRequest, w.post("/api/0/profiles?service=s&type=cpu", []byte("x")).status)
}

// drip begins an upload that gets a byte of a file's name now and then, and returns
// the answer.
func (w *world) drip(all *sync.WaitGroup) (answer <-chan string) {
	w.t.Helper()
	conn := w.dial()
	_, err := fmt.Fprint(conn, "POST /api/0/profiles?service=slow&type=cpu HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff")
	require.NoError(w.t, err)
	all.Go(func() {
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		for err == nil {
			<-ticker.C
			_, err = conn.Write([]byte{'a'})
		}
	})
	got := make(chan string, 1)
	all.Go(func() {
		raw, _ := io.ReadAll(conn) // the server may reset it
		got <- string(raw)
	})
	return got
}

const tooSlow = "less than 8192 bytes a second"

// Clients that hardly send hold no place that another wants.
func TestSlowUploadsLoseTheirPlaces(t *testing.T) {
	w := newWorld(t, func(c *api.Config) {
		c.Limits.Uploads, c.Limits.Idle, c.Limits.Yield = 1, time.Hour, 20*time.Millisecond
	})
	var all sync.WaitGroup
	defer all.Wait()
	slow := w.drip(&all)
	w.waitForUploads(1)
	cpu := profileOf(t, "cpu", taken())
	require.Eventually(t, func() bool {
		return w.post("/api/0/profiles?service=shop&type=cpu", cpu).status == http.StatusOK
	}, 10*time.Second, 10*time.Millisecond)
	if answer := <-slow; answer != "" { // it is empty if the server has reset the connection
		require.Contains(t, answer, "408 Request Timeout")
		require.Contains(t, answer, tooSlow)
	}
}

// An upload that goes on for ever is cut off also if nothing else wants its place.
func TestSlowUploadsAreCutOff(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Limits.Idle = 300 * time.Millisecond })
	var all sync.WaitGroup
	defer all.Wait()
	if answer := <-w.drip(&all); answer != "" {
		require.Contains(t, answer, tooSlow)
	}
}

// Health checks and metrics are answered under any load.
func TestTooManyQueries(t *testing.T) {
	began, end := make(chan struct{}), make(chan struct{})
	w := newWorld(t, func(c *api.Config) {
		c.Limits.Queries = 1
		c.Sweep = func() (int, error) {
			close(began)
			<-end
			return 0, nil
		}
	})
	var all sync.WaitGroup
	all.Go(func() { w.post("/api/1/sweep", nil) })
	<-began
	require.Equal(t, http.StatusServiceUnavailable, w.get("/api/1/profiles").status)
	require.Equal(t, http.StatusOK, w.get("/healthz").status)
	require.Equal(t, http.StatusOK, w.get("/readyz").status)
	require.Equal(t, http.StatusOK, w.get("/metrics").status)
	require.Equal(t, http.StatusBadRequest, w.post("/ingest?name=a", []byte("x")).status)
	close(end)
	all.Wait()
	require.Equal(t, http.StatusOK, w.get("/api/1/profiles").status)
}

// dial opens a connection to the server.
func (w *world) dial() net.Conn {
	w.t.Helper()
	conn, err := new(net.Dialer).DialContext(w.t.Context(), "tcp", w.Listener.Addr().String())
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// A client that stops sending is told so and cut off.
func TestSlowSender(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Limits.Idle = 500 * time.Millisecond })
	conn := w.dial()
	_, err := fmt.Fprintf(conn, "POST /api/0/profiles?service=s&type=cpu HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n\x1f\x8b\x08")
	require.NoError(t, err)
	raw, err := io.ReadAll(conn) // until the server closes it
	require.NoError(t, err)
	require.Contains(t, string(raw), "408 Request Timeout")
	require.Zero(t, w.store.Usage())
}

// A client that sends a little now and then is cut off at the limit of one upload.
func TestDrippingSender(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Limits.Upload = 100 * time.Millisecond })
	conn := w.dial()
	_, err := fmt.Fprintf(conn, "POST /ingest?name=a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\na\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\r\n")
	require.NoError(t, err)
	go func() {
		for err == nil {
			_, err = fmt.Fprint(conn, "1\r\n\x00\r\n")
		}
	}()
	raw, _ := io.ReadAll(conn) // the server resets it, since it still sends
	if len(raw) > 0 {
		require.NotContains(t, string(raw), "200 OK")
	}
	require.Zero(t, w.store.Usage())
}

// A client that does not read the answer is cut off, and the store is not blocked.
func TestSlowReader(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Limits.Idle, c.Limits.Queries = 100*time.Millisecond, 1 })
	stored := httptest.NewRecorder() // has no deadlines
	w.handler.ServeHTTP(stored, httptest.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/api/0/profiles?service=s&type=trace",
		bytes.NewReader(append(trace(), make([]byte, 20<<20)...))))
	require.Equal(t, http.StatusOK, stored.Code, stored.Body)
	var id string
	for m, err := range w.store.Find(t.Context(), everything()) {
		require.NoError(t, err)
		id = m.ID
	}
	conn := w.dial()
	_, err := fmt.Fprintf(conn, "GET /api/0/profiles/%s HTTP/1.1\r\nHost: localhost\r\n\r\n", id)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return w.get("/api/1/profiles").status == http.StatusOK // its slot is free again
	}, 30*time.Second, 10*time.Millisecond)
}

func TestLongQueries(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, http.StatusRequestEntityTooLarge, w.get("/api/1/profiles?x="+strings.Repeat("y", 20_000)).status)
	require.Equal(t, http.StatusOK, w.get("/api/1/profiles?x="+strings.Repeat("y", 10_000)).status)
}

func TestReadiness(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, http.StatusOK, w.get("/readyz").status)
	w.handler.Drain()
	require.Equal(t, http.StatusServiceUnavailable, w.get("/readyz").status)
	require.Equal(t, http.StatusOK, w.get("/healthz").status)
}
