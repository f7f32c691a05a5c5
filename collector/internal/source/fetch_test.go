package source_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/internal/source"
)

// An address is read where it redirects to on its host. One with a password or a token is
// not read elsewhere, where those would be sent, too.
func TestFetchRedirects(t *testing.T) {
	var seen []string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _, _ := r.BasicAuth()
		seen = append(seen, "elsewhere "+user+r.Header.Get("Authorization")+r.URL.RawQuery)
		_, _ = w.Write([]byte("other"))
	}))
	defer elsewhere.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+"/x?"+r.URL.RawQuery, http.StatusFound)
	})
	mux.HandleFunc("/here", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/there", http.StatusFound) })
	mux.HandleFunc("/there", func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		_, _ = w.Write([]byte("profile of " + user + password))
	})
	service := httptest.NewServer(mux)
	defer service.Close()
	with := func(user *url.Userinfo, path string) string {
		u, err := url.Parse(service.URL + path)
		require.NoError(t, err)
		u.User = user
		return u.String()
	}
	secret := url.UserPassword("any", "secret")

	raw, err := source.Fetch(t.Context(), with(secret, "/here"), 0)
	require.NoError(t, err)
	require.Equal(t, "profile of anysecret", string(raw))
	raw, err = source.Fetch(t.Context(), with(nil, "/away"), 0)
	require.NoError(t, err)
	require.Equal(t, "other", string(raw))
	require.Equal(t, []string{"elsewhere "}, seen)

	for _, address := range []string{with(secret, "/away"), with(nil, "/away?token=secret")} {
		seen = nil
		_, err = source.Fetch(t.Context(), address, 0)
		require.ErrorContains(t, err, "redirects to another host, "+elsewhere.URL)
		require.NotContains(t, err.Error(), "secret")
		require.Empty(t, seen)
	}
	_, err = source.Fetch(t.Context(), with(secret, "/nothing"), 0)
	require.ErrorContains(t, err, "404")
	require.NotContains(t, err.Error(), "secret")
}
