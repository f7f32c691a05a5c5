package reporters_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters"
)

// Each reporter retries what the status says is worth a retry. Receivers that say
// more than the status have tests of their own.
func TestAnswersAreRetriedOrPermanent(t *testing.T) {
	const yes = `{"code":200,"body":{},"errcode":0}`
	said := map[string]string{"feishu": `{"code":0}`}
	e := wired(t)
	for name, open := range everyone {
		t.Run(name, func(t *testing.T) {
			for status, permanent := range map[int]bool{
				200: false, 201: false, 202: false, 204: false,
				301: false, 307: false, 401: false, 403: false, 404: false, 407: false, 400: true, 405: true, 409: true, 410: true, 413: true, 415: true, 422: true,
				408: false, 425: false, 429: false, 500: false, 502: false, 503: false, 504: false, 507: false,
			} {
				text := yes
				if s := said[name]; s != "" {
					text = s
				}
				if status >= 300 {
					text = `{"code":"failed","message":"because s3cr3t is wrong"}`
				}
				s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					w.Header().Set("Retry-After", "7")
					w.WriteHeader(status)
					_, _ = io.WriteString(w, text)
				}))
				r, err := open(s.URL, reporters.WithToken("s3cr3t"))
				require.NoError(t, err)
				err = r.Report(context.Background(), e)
				s.Close()
				robot := name == "dingtalk" || name == "feishu"
				if status < 300 && (status != 204 || !robot) {
					require.NoError(t, err, status)
					continue
				}
				if status == 204 { // there is no code in nothing
					require.False(t, holmes.IsPermanent(err))
					continue
				}
				require.ErrorContains(t, err, fmt.Sprint("answered ", status))
				require.Equal(t, permanent, holmes.IsPermanent(err), status)
				require.NotContains(t, err.Error(), "s3cr3t")
				var told interface{ RetryAfter() time.Duration }
				if !permanent {
					require.ErrorAs(t, err, &told)
					require.Equal(t, 7*time.Second, told.RetryAfter())
				}
			}
		})
	}
}

// Each reporter sends credentials in the Authorization header and nowhere else.
func TestCredentialsOnlyInTheirHeader(t *testing.T) {
	for name, open := range everyone {
		for way, opts := range map[string][]reporters.HTTPOption{
			"Bearer t0p-s3cr3t":          {reporters.WithToken("t0p-s3cr3t")},
			"Basic bWU6dDBwLXMzY3IzdA==": {reporters.WithBasicAuth("me", "t0p-s3cr3t")},
		} {
			t.Run(name+" "+way, func(t *testing.T) {
				seen := 0
				s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					seen++
					assert.Equal(t, way, r.Header.Get("Authorization"))
					r.Header.Del("Authorization")
					body, _ := io.ReadAll(r.Body)
					assert.NotContains(t, fmt.Sprint(r.Header, r.URL, string(body)), "t0p-s3cr3t")
					w.WriteHeader(http.StatusForbidden)
					_, _ = io.WriteString(w, "t0p-s3cr3t is not enough")
				}))
				defer s.Close()
				r, err := open(s.URL, opts...)
				require.NoError(t, err)
				err = r.Report(context.Background(), wired(t))
				require.ErrorContains(t, err, "403")
				require.NotContains(t, err.Error(), "t0p-s3cr3t")
				named, ok := r.(interface{ Name() string })
				require.True(t, ok)
				require.NotContains(t, named.Name(), "s3cr3t")
				require.Positive(t, seen)
			})
		}
	}
}

// The shared options are options of every reporter, and https is wanted by
// each.
func TestEveryReporterTakesTheSharedOptions(t *testing.T) {
	for name, open := range everyone {
		for what, opts := range map[string][]reporters.HTTPOption{
			"timeout":      {reporters.WithTimeout(-time.Second)},
			"no such file": {reporters.WithCAFile("/none")},
			"certificate":  {reporters.WithClientCertificate("/none", "/none")},
			"TLS":          {reporters.WithInsecureSkipVerify(), reporters.WithHTTPClient(http.DefaultClient)},
			"token":        {reporters.WithToken("a b")},
			"exclude each": {reporters.WithToken("a"), reporters.WithBasicAuth("b", "c")},
		} {
			_, err := open("https://receiver.example.com", opts...)
			require.ErrorContains(t, err, what, name)
			require.ErrorContains(t, err, "holmes: ")
		}
		_, err := open("http://receiver.example.com")
		require.ErrorContains(t, err, "https", name)
		_, err = open("http://receiver.example.com", reporters.WithPlainHTTP(), nil)
		require.NoError(t, err, name)
	}
	_, err := reporters.NewHTTP("https://r", reporters.WithLink("https://x/{{.ID}}"))
	require.ErrorContains(t, err, "WithLink is no option of NewHTTP")
	_, err = reporters.NewPyroscope("https://r", reporters.WithTenant("a\nb"))
	require.ErrorContains(t, err, `WithTenant: "a\nb"`)
	_, err = reporters.NewPyroscope("https://r", reporters.WithTenant(""))
	require.ErrorContains(t, err, "WithTenant: the ID is empty")
	_, err = reporters.NewPyroscope("https://r", reporters.WithPyroscopeLimits(reporters.PyroscopeLimits{Labels: 4}))
	require.ErrorContains(t, err, "WithPyroscopeLimits: 4 labels")
}

// TLS of a receiver's own, by each way to trust it. The user's configuration is
// not changed by the options that go over it.
func TestTLSOptions(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it is told of bad certificates
	s.StartTLS()
	defer s.Close()
	der := s.Certificate().Raw
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	base := &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: x509.NewCertPool()}
	for name, tt := range map[string]struct {
		opts []reporters.HTTPOption
		ok   bool
	}{
		"system's roots": {nil, false},
		"a file":         {[]reporters.HTTPOption{reporters.WithCAFile(ca)}, true},
		"any":            {[]reporters.HTTPOption{reporters.WithInsecureSkipVerify()}, true},
		"own client":     {[]reporters.HTTPOption{reporters.WithHTTPClient(s.Client())}, true},
		"an empty pool":  {[]reporters.HTTPOption{reporters.WithTLS(base)}, false},
		"a file over it": {[]reporters.HTTPOption{reporters.WithCAFile(ca), reporters.WithTLS(base)}, true},
		"any over it":    {[]reporters.HTTPOption{reporters.WithTLS(base), reporters.WithInsecureSkipVerify()}, true},
	} {
		r, err := reporters.NewProfefe(s.URL, tt.opts...)
		require.NoError(t, err)
		err = r.Report(context.Background(), wired(t))
		require.Equal(t, tt.ok, err == nil, "%s: %v", name, err)
	}
	require.False(t, base.InsecureSkipVerify)
	require.True(t, base.RootCAs.Equal(x509.NewCertPool()))
}

// Labels are added, over those of the event, and the event stays as it was.
func TestWithLabels(t *testing.T) {
	to := newReceiver(t)
	labels := map[string]string{"region": "eu", "version": "v2"}
	opt := reporters.WithLabels(labels)
	labels["region"] = "changed later"
	for range 2 { // an option may be used twice
		e := wired(t)
		before := fmt.Sprint(e.Labels)
		r := newHTTP(t, to.URL, opt, reporters.WithLabels(map[string]string{"cluster": "c1"}))
		require.NoError(t, r.Report(context.Background(), e))
		require.Equal(t, before, fmt.Sprint(e.Labels))
		var got holmes.Event
		require.NoError(t, got.UnmarshalJSON(to.received(e.ID)["event.json"]))
		require.Equal(t, map[string]string{
			"service": "shop", "instance": "pod-7", "version": "v2", "region": "eu", "cluster": "c1",
			"node": "a=b, c%2C{d}", "team-name": "köln",
		}, got.Labels)
	}
	e := wired(t)
	e.ID, e.Labels = "bare", nil
	require.NoError(t, newHTTP(t, to.URL, opt).Report(context.Background(), e))
	require.Nil(t, e.Labels)
	require.Contains(t, string(to.received("bare")["event.json"]), `"region":"eu"`)
}

func TestCollector(t *testing.T) {
	to := newReceiver(t)
	r, err := reporters.NewCollector(to.URL + "/base/")
	require.NoError(t, err)
	require.Equal(t, to.URL+"/base/api/1/events", r.Name())
	e := wired(t)
	for range 3 {
		require.NoError(t, r.Report(context.Background(), e))
	}
	to.requireStored(1)
}
