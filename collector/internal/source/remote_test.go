package source_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/internal/source"
)

// A token leaves this machine under TLS only, unless that is allowed.
func TestTokenNeedsTLS(t *testing.T) {
	for _, address := range []string{"https://holmes.example.com", "http://localhost:1", "http://127.0.0.2", "http://[::1]:10100"} {
		_, err := source.NewRemote(address, "secret", false)
		require.NoError(t, err, address)
	}
	for _, address := range []string{"http://holmes.example.com", "http://10.0.0.7:10100", "http://user:password@localhost.example.com"} {
		_, err := source.NewRemote(address, "secret", false)
		require.ErrorContains(t, err, "-plain-http", address)
		require.NotContains(t, err.Error(), "secret")
		require.NotContains(t, err.Error(), "password")
		_, err = source.NewRemote(address, "secret", true)
		require.NoError(t, err)
		_, err = source.NewRemote(address, "", false)
		require.NoError(t, err)
	}
}

// A redirect is an error that names its target: nothing is sent there, and no POST
// becomes a GET.
func TestRedirects(t *testing.T) {
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusPermanentRedirect} {
		var methods []string
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			methods = append(methods, r.Method+" "+r.URL.Path)
			http.Redirect(w, r, "/elsewhere", status)
		}))
		r, err := source.NewRemote(s.URL, "secret", false)
		require.NoError(t, err)
		_, err = r.Push(t.Context(), "shop", collector.KindCPU, nil, []byte("profile"))
		require.ErrorContains(t, err, "redirects to /elsewhere")
		s.Close()
		require.Equal(t, []string{"POST /api/0/profiles"}, methods)
	}
}
