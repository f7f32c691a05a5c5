package httpclient_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters/internal/httpclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func client(t *testing.T, c httpclient.Config) *httpclient.Client {
	t.Helper()
	out, err := httpclient.New(c)
	require.NoError(t, err)
	return out
}

// serve runs a receiver on loopback and returns its URL.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestPost(t *testing.T) {
	var got *http.Request
	var body []byte
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, "stored")
	})
	c := client(t, httpclient.Config{URL: at + "/base?key=k", Token: "secret"})
	answer, err := c.Post(context.Background(), httpclient.Request{
		Path:   "ingest",
		Query:  url.Values{"name": {"a{b=c,d=e}"}},
		Header: http.Header{"Content-Type": {"text/x"}},
		Body:   strings.NewReader("hello"),
	})
	require.NoError(t, err)
	require.Equal(t, "stored", string(answer))
	require.Equal(t, "hello", string(body))
	require.Equal(t, http.MethodPost, got.Method)
	require.Equal(t, "/base/ingest", got.URL.Path)
	require.Equal(t, url.Values{"key": {"k"}, "name": {"a{b=c,d=e}"}}, got.URL.Query())
	require.Equal(t, "text/x", got.Header.Get("Content-Type"))
	require.Equal(t, "holmes/"+holmes.Version, got.Header.Get("User-Agent"))
}

// The token is in the Authorization header and nowhere else.
func TestTokenOnlyInAuthorization(t *testing.T) {
	var dump strings.Builder
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "Bearer s3cr3t", r.Header.Get("Authorization"))
		r.Header.Del("Authorization")
		_ = r.Header.Write(&dump)
		dump.WriteString(r.URL.String())
		_, _ = io.Copy(&dump, r.Body)
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "no access for s3cr3t\n\x00 here")
	})
	c := client(t, httpclient.Config{URL: at, Token: "s3cr3t"})
	_, err := c.Post(context.Background(), httpclient.Request{Body: strings.NewReader("body")})
	require.ErrorContains(t, err, "401 Unauthorized: no access for [removed] here", "an echo is cleaned")
	require.NotContains(t, dump.String(), "s3cr3t")
	require.NotContains(t, c.Target(), "s3cr3t")
}

// User info is for the header, not for errors.
func TestUserInfoIsNowhereToBeSeen(t *testing.T) {
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, pass, ok := r.BasicAuth()
		assert.True(t, ok)
		assert.Equal(t, "me:hunter2", user+":"+pass)
		http.Error(w, "hunter2 is wrong", http.StatusForbidden)
	})
	withUser := strings.Replace(at, "http://", "http://me:hunter2@", 1) + "/x?key=hunter2"
	c := client(t, httpclient.Config{URL: withUser})
	require.Equal(t, at+"/x", c.Target())
	_, err := c.Post(context.Background(), httpclient.Request{})
	require.ErrorContains(t, err, "403")
	require.NotContains(t, err.Error(), "hunter2")

	refused := unusedAddress(t)
	_, err = client(t, httpclient.Config{URL: "http://me:hunter2@" + refused + "/?key=hunter2"}).Post(context.Background(), httpclient.Request{})
	require.ErrorContains(t, err, refused)
	require.NotContains(t, err.Error(), "hunter2")

	for _, bad := range []string{"http://me:hunter2@ho st", "http://me:hun:hunter2@h:port", "ftp://me:hunter2@h", "http://me:hunter2@", "https://me:hunter2@h"} {
		_, err := httpclient.New(httpclient.Config{URL: bad, Token: "t", Timeout: time.Second})
		require.Error(t, err, bad)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

// unusedAddress returns an address on loopback without a listener.
func unusedAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// A request for one receiver does not go to another.
func TestRedirectsAreRefused(t *testing.T) {
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") })
	for _, status := range []int{301, 302, 303, 307, 308} {
		at := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, strings.Replace(elsewhere, "http://", "http://u:p@", 1)+"/?token=x", status)
		})
		_, err := client(t, httpclient.Config{URL: at, Token: "s3cr3t"}).Post(context.Background(), httpclient.Request{})
		require.False(t, holmes.IsPermanent(err), "the way can be mended")
		require.ErrorContains(t, err, "redirect to "+strings.TrimPrefix(elsewhere, "http://")+", refused")
		require.NotContains(t, err.Error(), "u:p")
		require.NotContains(t, err.Error(), "token=x")
	}
}

// Https beyond this machine.
func TestPlainHTTPOnlyToThisMachine(t *testing.T) {
	for at, ok := range map[string]bool{
		"http://localhost:1/x": true, "http://127.0.0.1": true, "http://127.8.8.8:99": true, "http://[::1]:80": true,
		"http://10.0.0.1": false, "http://collector": false, "http://localhost.evil.example": false,
		"http://127.0.0.1.evil.example": false, "https://collector": true, "HTTPS://collector": true,
	} {
		_, err := httpclient.New(httpclient.Config{URL: at, Timeout: time.Second})
		if require.Equal(t, ok, err == nil, "%s: %v", at, err); !ok {
			require.ErrorContains(t, err, "HOLMES_COLLECTOR_PLAIN_HTTP=true", "the remedy")
		}
		_, err = httpclient.New(httpclient.Config{URL: at, Timeout: time.Second, PlainHTTP: true})
		require.NoError(t, err, at)
	}
}

// An answer without end costs 64 KiB of reading.
func TestAnswerIsReadUpTo64KiB(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusBadRequest} {
		at := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			for chunk := []byte(strings.Repeat("x", 1<<16)); ; {
				if _, err := w.Write(chunk); err != nil {
					return // the client has left
				}
			}
		})
		answer, err := client(t, httpclient.Config{URL: at}).Post(context.Background(), httpclient.Request{})
		if status == http.StatusOK {
			require.NoError(t, err)
			require.Len(t, answer, 64<<10)
			continue
		}
		require.Less(t, len(err.Error()), 400)
	}
}

func TestTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it is told of the bad certificate
	s.StartTLS()
	defer s.Close()
	_, err := client(t, httpclient.Config{URL: s.URL}).Post(context.Background(), httpclient.Request{})
	require.ErrorContains(t, err, "certificate")
	require.False(t, holmes.IsPermanent(err), "certificates are renewed")

	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	_, err = client(t, httpclient.Config{URL: s.URL, TLS: &tls.Config{RootCAs: roots}}).Post(context.Background(), httpclient.Request{})
	require.NoError(t, err)
}

func TestNewRejectsNonsense(t *testing.T) {
	for name, c := range map[string]httpclient.Config{
		"empty":         {Timeout: time.Second},
		"no scheme":     {URL: "collector/api", Timeout: time.Second},
		"no host":       {URL: "https://", Timeout: time.Second},
		"port only":     {URL: "https://:80", Timeout: time.Second},
		"timeout":       {URL: "https://collector", Timeout: -1},
		"token newline": {URL: "https://collector", Token: "a\nb", Timeout: time.Second},
		"two secrets":   {URL: "https://u:p@collector", Token: "a", Timeout: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := httpclient.New(c)
			require.ErrorContains(t, err, "holmes: ")
		})
	}
}
