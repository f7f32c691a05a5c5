package reporters_test

import (
	"context"
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
	for name, wrong := range map[string]string{
		"HOLMES_COLLECTOR_TIMEOUT": "2", "HOLMES_COLLECTOR_PLAIN_HTTP": "maybe",
		"HOLMES_COLLECTOR_TOKEN_FILE": "/none", "HOLMES_COLLECTOR_CA_FILE": "/none",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, wrong)
			_, err := holmes.New(reporters.FromEnv())
			require.ErrorContains(t, err, name+`="`+wrong+`"`)
		})
	}
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
