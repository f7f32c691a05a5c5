package reporters_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters"
	"github.com/go-holmes/holmes/reporters/reportertest"
)

func newHTTP(t *testing.T, url string, opts ...reporters.HTTPOption) *reporters.HTTP {
	t.Helper()
	r, err := reporters.NewHTTP(url, opts...)
	require.NoError(t, err)
	return r
}

func TestHTTPConformance(t *testing.T) {
	reportertest.Test(t, func(t *testing.T) reportertest.Target {
		to := newReceiver(t)
		return reportertest.Target{Reporter: newHTTP(t, to.URL), Received: to.received, Stall: to.hold}
	})
}

// A receiver that knows the key stores an event once, however often it comes.
func TestHTTPRepeatsUnderOneKey(t *testing.T) {
	to := newReceiver(t)
	e := reportertest.MemoryEvent(t)
	for range 3 {
		require.NoError(t, newHTTP(t, to.URL).Report(context.Background(), e))
	}
	to.requireStored(1)
}

// A profile that the store has removed meanwhile must not hold back the rest
// for ever.
func TestLateDeliveryWithoutARemovedProfile(t *testing.T) {
	to := newReceiver(t)
	e := reportertest.DiskEvent(t)
	require.NoError(t, os.Remove(e.Profile(holmes.KindGoroutine).Path))
	require.NoError(t, newHTTP(t, to.URL).Report(context.Background(), e))
	files := to.received(e.ID)
	require.NotContains(t, files, "goroutine.pb.gz")
	require.Contains(t, files, "heap.pb.gz")
	require.Contains(t, string(files["event.json"]), `"note":"goroutine.pb.gz was removed before it could be delivered"`)
	require.NotContains(t, string(files["event.json"]), `"file":"goroutine.pb.gz"`)
}

func TestHTTPName(t *testing.T) {
	require.Equal(t, "https://holmes.example.com/in", newHTTP(t, "https://me:pw@holmes.example.com/in?k=v").Name())
}

func TestHTTPOptions(t *testing.T) {
	_, err := reporters.NewHTTP("http://collector.example.com")
	require.ErrorContains(t, err, "https")
	newHTTP(t, "http://collector.example.com", reporters.WithPlainHTTP(), nil)
	_, err = reporters.NewHTTP("https://collector.example.com", reporters.WithTimeout(-time.Second))
	require.ErrorContains(t, err, "-1s")
	_, err = reporters.NewHTTP("https://collector.example.com", reporters.WithToken("a b"))
	require.ErrorContains(t, err, "token")
	require.NotContains(t, err.Error(), "a b")

	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	r := newHTTP(t, s.URL, reporters.WithTLS(&tls.Config{RootCAs: roots}), reporters.WithTimeout(time.Minute))
	require.NoError(t, r.Report(context.Background(), reportertest.EmptyEvent(t)))
}

func TestHostileEventsAreRefused(t *testing.T) {
	to := newReceiver(t)
	file, err := reporters.NewFile(t.TempDir())
	require.NoError(t, err)
	for name, change := range map[string]func(*holmes.Event){
		"id climbs":        func(e *holmes.Event) { e.ID = "../x" },
		"id is hidden":     func(e *holmes.Event) { e.ID = ".x" },
		"id is empty":      func(e *holmes.Event) { e.ID = "" },
		"id is a header":   func(e *holmes.Event) { e.ID = "a\r\nb: c" },
		"id is endless":    func(e *holmes.Event) { e.ID = strings.Repeat("x", 1000) },
		"file climbs":      func(e *holmes.Event) { e.Profiles[1].File = "../x" },
		"file is twice":    func(e *holmes.Event) { e.Profiles[1].File = e.Profiles[2].File },
		"file is the json": func(e *holmes.Event) { e.Profiles[1].File = "event.json" },
		"not JSON":         func(e *holmes.Event) { e.Readings.Cores = inf() },
	} {
		for _, r := range []holmes.Reporter{newHTTP(t, to.URL), file} {
			e := reportertest.MemoryEvent(t)
			change(e)
			err := r.Report(context.Background(), e)
			require.ErrorContains(t, err, "holmes: ", name)
			require.True(t, holmes.IsPermanent(err), name)
			require.Less(t, len(err.Error()), 500)
		}
	}
	to.requireStored(0)
}

func inf() float64 {
	zero := 0.0
	return 1 / zero
}
