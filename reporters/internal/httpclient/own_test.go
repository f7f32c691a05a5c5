package httpclient_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters/internal/httpclient"
)

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// A client of the user's does the work, under our rules.
func TestOwnClient(t *testing.T) {
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") })
	var seen atomic.Int32
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen.Add(1)
		assert.Empty(t, r.Cookies())
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "x"})
		http.Redirect(w, r, elsewhere, http.StatusTemporaryRedirect)
	})
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	var carried atomic.Int32
	own := &http.Client{
		Jar: jar,
		Transport: transport(func(r *http.Request) (*http.Response, error) {
			carried.Add(1)
			return http.DefaultTransport.RoundTrip(r)
		}),
	}
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	c := client(t, httpclient.Config{URL: at, Client: own, Token: "s3cr3t"})
	for range 2 {
		_, err = c.Post(context.Background(), httpclient.Request{Body: strings.NewReader("x")})
		require.ErrorContains(t, err, "redirect")
		require.False(t, holmes.IsPermanent(err), "the way can be mended")
	}
	require.Equal(t, int32(2), seen.Load())
	require.Equal(t, int32(2), carried.Load())
	require.Nil(t, own.CheckRedirect, "the client itself is as it was")
	require.Same(t, jar, own.Jar)
}

func TestOwnClientHasItsOwnTLS(t *testing.T) {
	_, err := httpclient.New(httpclient.Config{URL: "https://c", Timeout: time.Second, Client: http.DefaultClient, TLS: &tls.Config{MinVersion: tls.VersionTLS12}})
	require.ErrorContains(t, err, "TLS")
	_, err = httpclient.New(httpclient.Config{URL: "http://elsewhere", Timeout: time.Second, Client: http.DefaultClient})
	require.ErrorContains(t, err, "https", "plain http needs to be allowed here, too")
}

func TestBasicAuth(t *testing.T) {
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, pass, _ := r.BasicAuth()
		assert.Equal(t, "me:hunter2", user+":"+pass)
		http.Error(w, "hunter2 is wrong", http.StatusForbidden)
	})
	_, err := client(t, httpclient.Config{URL: at, User: url.UserPassword("me", "hunter2")}).Post(context.Background(), httpclient.Request{})
	require.ErrorContains(t, err, "403")
	require.NotContains(t, err.Error(), "hunter2")

	for name, c := range map[string]httpclient.Config{
		"and a token":     {URL: "https://c", User: url.User("me"), Token: "hunter2"},
		"and in the URL":  {URL: "https://you:hunter2@c", User: url.User("me")},
		"without a name":  {URL: "https://c", User: url.UserPassword("", "hunter2")},
		"URL and a token": {URL: "https://you:hunter2@c", Token: "t"},
	} {
		c.Timeout = time.Second
		_, err := httpclient.New(c)
		require.ErrorContains(t, err, "basic authentication", name)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

// The URL of a webhook is a secret. Two of them on one host have two names.
func TestSecretURL(t *testing.T) {
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no hook at "+r.URL.String()+" for T0", http.StatusNotFound)
	})
	const path = "/services/T0/B0000000/hook-s3cr3t?access_token=query-s3cr3t"
	c := client(t, httpclient.Config{URL: at + path, SecretURL: true})
	_, err := c.Post(context.Background(), httpclient.Request{})
	require.ErrorContains(t, err, "404")
	require.ErrorContains(t, err, "for T0", "short words stay")
	for _, text := range []string{err.Error(), c.Target()} {
		require.NotContains(t, text, "s3cr3t")
		require.NotContains(t, text, "B0000000")
	}
	require.Regexp(t, "^"+at+"#[0-9a-f]{8}$", c.Target())
	other := client(t, httpclient.Config{URL: at + "/services/T0/B0000000/another", SecretURL: true})
	require.NotEqual(t, c.Target(), other.Target())
}

// A 2xx is a promise: what follows it cannot take it back.
func TestSendTakesTheStatusForAnAnswer(t *testing.T) {
	at := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "cut off")
	})
	c := client(t, httpclient.Config{URL: at})
	require.NoError(t, c.Send(context.Background(), httpclient.Request{}))
	_, err := c.Post(context.Background(), httpclient.Request{})
	require.ErrorContains(t, err, "read the answer")
	require.False(t, holmes.IsPermanent(err))
}

func TestPathAndSays(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/base/api/1/events", r.URL.Path)
		http.Error(w, strings.Repeat("long ", 100)+"unavailable", http.StatusUnprocessableEntity)
	}))
	defer s.Close()
	c := client(t, httpclient.Config{URL: s.URL + "/base/", Path: "api/1/events"})
	require.Equal(t, s.URL+"/base/api/1/events", c.Target())
	var answer *httpclient.AnswerError
	require.ErrorAs(t, c.Send(context.Background(), httpclient.Request{}), &answer)
	require.NotContains(t, answer.Error(), "unavailable", "an error is short")
	require.True(t, answer.Says("unavailable"), "a judge reads on")
	require.False(t, answer.Says("available!"))
}
