package http_reporter_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters/http_reporter"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The names that code written for mosn/holmes uses, with the types that it expects.
var (
	_ func(string, string) holmes.ProfileReporter = http_reporter.NewReporter
	_                                             = http_reporter.Response{Code: 1, Message: ""}
	_ holmes.ProfileReporter                      = (*http_reporter.HttpReporter)(nil)
)

func report(r holmes.ProfileReporter) error {
	return r.Report("cpu", "/not/read", holmes.ReasonDiff, "event-1", time.Unix(0, 0), []byte("PROFILE"), holmes.Scene{})
}

// The request byte for byte, but for the boundary.
func TestOnTheWire(t *testing.T) {
	var head http.Header
	var body string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		head, body = r.Header, string(raw)
		_, _ = io.WriteString(w, `{"code":1,"message":"ok"}`)
	}))
	defer s.Close()
	require.NoError(t, report(http_reporter.NewReporter("s3cr3t", s.URL)))

	boundary := regexp.MustCompile("boundary=([0-9a-f]+)").FindStringSubmatch(head.Get("Content-Type"))[1]
	require.Equal(t, `--B
Content-Disposition: form-data; name="profile"; filename="go-pprof-profile"
Content-Type: application/octet-stream

PROFILE
--B
Content-Disposition: form-data; name="token"

s3cr3t
--B
Content-Disposition: form-data; name="profile_type"

cpu
--B
Content-Disposition: form-data; name="event_id"

event-1
--B
Content-Disposition: form-data; name="comment"

above the mean by diff
--B--
`, strings.NewReplacer(boundary, "B", "\r\n", "\n").Replace(body))
	require.Empty(t, head.Get("Authorization"), "the old form has the token in a field")
}

func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		status    int
		body      string
		permanent bool
		text      string
	}{
		{200, `{"code":0,"message":"no such token: s3cr3t"}`, true, "answered code 0: no such token: [removed]"},
		{200, `<html>s3cr3t`, true, "not JSON: <html>[removed]"},
		{401, `{"code":1}`, false, "401"},
		{400, `{"code":1}`, true, "400"},
		{503, `{"code":0}`, false, "503"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.body)
		}))
		err := report(http_reporter.NewReporter("s3cr3t", s.URL))
		s.Close()
		require.ErrorContains(t, err, "holmes: ")
		require.ErrorContains(t, err, tt.text)
		require.NotContains(t, err.Error(), "s3cr3t")
		require.Equal(t, tt.permanent, holmes.IsPermanent(err), tt.body)
	}
}

func TestURLsThatCannotBeUsed(t *testing.T) {
	err := report(http_reporter.NewReporter("t", "http://10.0.0.1/"))
	require.ErrorContains(t, err, "https")
	require.True(t, holmes.IsPermanent(err))
	require.Error(t, report(http_reporter.NewPlainHTTPReporter("t", "")))

	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"code":1}`)
	}))
	defer elsewhere.Close()
	require.NoError(t, report(http_reporter.NewPlainHTTPReporter("t", elsewhere.URL)))
}
