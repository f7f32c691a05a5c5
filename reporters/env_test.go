package reporters_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters"
)

// The collector of the environment is a reporter of a fixed name, and what is wrong
// with a variable is an error of New that names it.
func TestFromEnv(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("t0k3n\n"), 0o600))
	names := func() (out []string) {
		h, err := holmes.New(reporters.FromEnv())
		require.NoError(t, err)
		for _, r := range h.Stats().Reporters {
			out = append(out, r.Name)
		}
		return out
	}
	require.Empty(t, names())
	t.Setenv("HOLMES_COLLECTOR_TOKEN_FILE", token)
	require.Empty(t, names(), "without an address there is none")
	t.Setenv("HOLMES_COLLECTOR", "http://holmes.example.com")
	_, err := holmes.New(reporters.FromEnv())
	require.ErrorContains(t, err, "HOLMES_COLLECTOR")
	require.ErrorContains(t, err, "https")
	t.Setenv("HOLMES_COLLECTOR_PLAIN_HTTP", "true")
	require.Equal(t, []string{"collector"}, names())
	t.Setenv("HOLMES_COLLECTOR_TIMEOUT", "2m")
	require.Equal(t, []string{"collector"}, names())
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, []byte(" \n"), 0o600))
	for name, wrong := range map[string][]string{
		"HOLMES_COLLECTOR_TIMEOUT": {"2", "-1s", "0", "abc"}, "HOLMES_COLLECTOR_PLAIN_HTTP": {"maybe"},
		"HOLMES_COLLECTOR_TOKEN_FILE": {"/none", empty, t.TempDir()}, "HOLMES_COLLECTOR_CA_FILE": {"/none", token},
		"HOLMES_COLLECTOR": {"collector:8080", "ftp://x", "https://a b", "https:///api"},
	} {
		for _, value := range wrong {
			t.Run(name+"="+value, func(t *testing.T) {
				t.Setenv(name, value)
				require.ErrorContains(t, newFromEnv(), name+`="`+value+`"`)
				if name != "HOLMES_COLLECTOR" {
					t.Setenv("HOLMES_COLLECTOR", "")
					require.ErrorContains(t, newFromEnv(), name+`="`+value+`"`, "also without a collector")
				}
			})
		}
	}
}

func newFromEnv() error {
	_, err := holmes.New(reporters.FromEnv())
	return err
}

// All that is wrong is named, in one order, and no secret.
func TestFromEnvNamesAllThatIsWrong(t *testing.T) {
	t.Setenv("HOLMES_COLLECTOR", "collector://user:secret@host")
	for _, name := range []string{"TIMEOUT", "TOKEN_FILE", "PLAIN_HTTP", "CA_FILE"} {
		t.Setenv("HOLMES_COLLECTOR_"+name, "/none")
	}
	for range 10 {
		require.Regexp(t, `(?s)HOLMES_COLLECTOR_CA_FILE="/none": .*HOLMES_COLLECTOR_PLAIN_HTTP="/none": .*HOLMES_COLLECTOR_TIMEOUT="/none": .*HOLMES_COLLECTOR_TOKEN_FILE="/none": .*HOLMES_COLLECTOR: `, newFromEnv())
	}
	require.NotContains(t, newFromEnv().Error(), "secret")
}

// Each variable reaches the requests. White space around values does not count, and the
// URL may be that of the events.
func TestCollectorOfTheEnvironment(t *testing.T) {
	release, asked := make(chan struct{}), make(chan *http.Request, 100)
	s := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		asked <- r
		<-release
	}))
	defer s.Close()
	end := sync.OnceFunc(func() { close(release) })
	defer end()
	dir := t.TempDir()
	token, ca := filepath.Join(dir, "token"), filepath.Join(dir, "ca")
	require.NoError(t, os.WriteFile(token, []byte("t0k3n\n"), 0o600))
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	require.NoError(t, os.WriteFile(ca, certificate, 0o600))
	t.Setenv("HOLMES_COLLECTOR", " "+s.URL+"/at/api/1/events/\n")
	t.Setenv("HOLMES_COLLECTOR_TOKEN_FILE", token+"\n")
	t.Setenv("HOLMES_COLLECTOR_CA_FILE", ca+" ")
	t.Setenv("HOLMES_COLLECTOR_TIMEOUT", "300ms ")
	t.Setenv("HOLMES_COLLECTOR_PLAIN_HTTP", " false\n")
	h, err := holmes.New(reporters.FromEnv(), holmes.WithDumpPath(t.TempDir()), holmes.WithLogger(nil), holmes.WithBaseline(0))
	require.NoError(t, err)
	require.NoError(t, h.Start())
	defer h.Stop()
	_, err = h.CaptureNow(context.Background(), holmes.KindThreadcreate)
	require.NoError(t, err)
	r := <-asked
	require.Equal(t, "/at/api/1/events", r.URL.Path)
	require.Equal(t, "Bearer t0k3n", r.Header.Get("Authorization"))
	stats := func() holmes.ReporterStats { return h.Stats().Reporters[0] }
	require.Eventually(t, func() bool { return errors.Is(stats().LastErr, context.DeadlineExceeded) }, 20*time.Second, time.Millisecond)
	end()
}

// A token that is rotated loses nothing: the event is refused while the receiver knows
// the new one only, and arrives with it.
func TestRotatedToken(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("old"), 0o600))
	var mu sync.Mutex
	var heard []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, r.Header.Get("Authorization"))
		if r.Header.Get("Authorization") != "Bearer new" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer s.Close()
	t.Setenv("HOLMES_COLLECTOR", s.URL)
	t.Setenv("HOLMES_COLLECTOR_TOKEN_FILE", file)
	h, err := holmes.New(reporters.FromEnv(), holmes.WithDumpPath(t.TempDir()), holmes.WithLogger(nil), holmes.WithBaseline(0))
	require.NoError(t, err)
	require.NoError(t, h.Start())
	defer h.Stop()
	_, err = h.CaptureNow(context.Background(), holmes.KindThreadcreate)
	require.NoError(t, err)
	stats := func() holmes.ReporterStats { return h.Stats().Reporters[0] }
	require.Eventually(t, func() bool { return stats().LastErr != nil }, time.Minute, time.Millisecond)
	require.NotContains(t, stats().LastErr.Error(), "old", "a secret that the receiver repeats")
	require.NoError(t, os.WriteFile(file, []byte(" new\n"), 0o600))
	require.Eventually(t, func() bool { return stats().Delivered == 1 }, time.Minute, time.Millisecond)
	require.Empty(t, stats().Dropped)
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, "Bearer old", heard[0])
	require.Equal(t, "Bearer new", heard[len(heard)-1])
}

func TestTokenFile(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"empty": " \n", "two words": "a b", "missing": ""} {
		file := filepath.Join(dir, name)
		if content != "" {
			require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		}
		_, err := reporters.NewHTTP("https://c", reporters.WithTokenFile(file))
		require.ErrorContains(t, err, "token file", name)
	}
	file := filepath.Join(dir, "token")
	require.NoError(t, os.WriteFile(file, []byte("t"), 0o600))
	_, err := reporters.NewHTTP("https://c", reporters.WithTokenFile(file), reporters.WithToken("u"))
	require.ErrorContains(t, err, "exclude each other")
	_, err = reporters.NewHTTP("https://u:p@c", reporters.WithTokenFile(file))
	require.ErrorContains(t, err, "exclude each other")
	r, err := reporters.NewHTTP("https://c", reporters.WithTokenFile(file))
	require.NoError(t, err)
	require.NoError(t, os.Remove(file))
	err = r.Report(context.Background(), wired(t))
	require.ErrorContains(t, err, "token file")
	require.False(t, holmes.IsPermanent(err), "it is there again in a moment")
}
