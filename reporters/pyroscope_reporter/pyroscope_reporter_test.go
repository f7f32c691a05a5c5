package pyroscope_reporter_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters/pyroscope_reporter"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The names that code written for mosn/holmes uses, with the types that it expects.
var (
	_ func(string, map[string]string, pyroscope_reporter.RemoteConfig, holmes.Logger) (*pyroscope_reporter.PyroscopeReporter, error) = pyroscope_reporter.NewPyroscopeReporter

	_ holmes.ProfileReporter = (*pyroscope_reporter.PyroscopeReporter)(nil)
	_                        = pyroscope_reporter.RemoteConfig{
		AuthToken: "", UpstreamThreads: 4, UpstreamAddress: "", UpstreamRequestTimeout: time.Second, ManualStart: true,
	}
)

// server answers as it is told and keeps the last request.
type server struct {
	*httptest.Server
	status int
	answer string
	path   string
	query  url.Values
	header http.Header
	body   []byte
}

func serve(t *testing.T) *server {
	s := &server{status: http.StatusOK}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.path, s.query, s.header = r.Method+" "+r.URL.Path, r.URL.Query(), r.Header
		s.body, _ = io.ReadAll(r.Body)
		w.WriteHeader(s.status)
		_, _ = io.WriteString(w, s.answer)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) reporter(t *testing.T) *pyroscope_reporter.PyroscopeReporter {
	t.Helper()
	r, err := pyroscope_reporter.NewPyroscopeReporter("shop{zone=b}", map[string]string{"env": "prod", "__name__": "x"},
		pyroscope_reporter.RemoteConfig{UpstreamAddress: s.URL, AuthToken: "s3cr3t"}, zap.NewNop().Sugar())
	require.NoError(t, err)
	return r
}

func encoded(t *testing.T, start time.Time, took time.Duration) []byte {
	t.Helper()
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "cpu", Unit: "nanoseconds"}},
		TimeNanos:  start.UnixNano(), DurationNanos: int64(took),
	}
	var out bytes.Buffer
	require.NoError(t, p.Write(&out))
	return out.Bytes()
}

func report(r holmes.ProfileReporter, raw []byte, at time.Time) error {
	return r.Report("cpu", "/not/read", holmes.ReasonDiff, "event-1", at, raw, holmes.Scene{})
}

func TestOnTheWire(t *testing.T) {
	s := serve(t)
	start := time.Unix(1_780_000_000, 400_000_000)
	raw := encoded(t, start, 15*time.Second)
	require.NoError(t, report(s.reporter(t), raw, start.Add(time.Hour)))
	require.Equal(t, "POST /ingest", s.path)
	require.Equal(t, url.Values{
		"name": {"shop{env=prod,zone=b}"}, "from": {"1780000000"}, "until": {"1780000016"},
		"spyName": {"gospy"}, "sampleRate": {"100"}, "format": {"pprof"},
	}, s.query)
	require.Equal(t, raw, s.body)
	require.Equal(t, "Bearer s3cr3t", s.header.Get("Authorization"))
	require.Equal(t, "application/octet-stream", s.header.Get("Content-Type"))
}

// A server refuses strings that are not UTF-8.
func TestPostsText(t *testing.T) {
	s := serve(t)
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "cpu", Unit: "nanoseconds"}},
		Sample:     []*profile.Sample{{Value: []int64{7}, Label: map[string][]string{"sql": {"a\xffb"}}}},
	}
	var raw bytes.Buffer
	require.NoError(t, p.Write(&raw))
	require.NoError(t, report(s.reporter(t), raw.Bytes(), time.Unix(1_780_000_000, 0)))
	got, err := profile.ParseData(s.body)
	require.NoError(t, err)
	require.Equal(t, map[string][]string{"sql": {"a?b"}}, got.Sample[0].Label)
	_, err = pyroscope_reporter.NewPyroscopeReporter("shop{zone=\xff}", nil, pyroscope_reporter.RemoteConfig{UpstreamAddress: s.URL}, nil)
	require.ErrorContains(t, err, "zone")
}

// mosn/holmes filed a CPU profile under the ten seconds
// before it was taken.
func TestFiledUnderItsOwnTime(t *testing.T) {
	s := serve(t)
	r := s.reporter(t)
	for _, tt := range []struct {
		name        string
		raw         []byte
		sampled     int64
		from, until int64
	}{
		{"a CPU profile covers its duration", encoded(t, time.Unix(1000, 0), 10*time.Second), 1010, 1000, 1010},
		{"a part of a second is a second", encoded(t, time.Unix(1000, 1), 10*time.Second), 1010, 1000, 1011},
		{"a snapshot covers a second", encoded(t, time.Unix(1000, 0), 0), 1005, 1000, 1001},
		{"no profile: when it was sampled", []byte("?"), 1005, 1005, 1006},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.NoError(t, report(r, tt.raw, time.Unix(tt.sampled, 0)))
			require.Equal(t, []string{fmt.Sprint(tt.from), fmt.Sprint(tt.until)}, []string{s.query.Get("from"), s.query.Get("until")})
		})
	}
}

func TestAnswers(t *testing.T) {
	s := serve(t)
	for _, tt := range []struct {
		status    int
		answer    string
		permanent bool
	}{
		{400, `{"code":"invalid_argument","message":"bad name"}`, true},
		{413, "", true},
		{422, `{"code":"unknown","message":"failed to convert"}`, true},
		{422, `{"code":"unavailable","message":"ingester unavailable"}`, false},
		{408, "", false},
		{429, "", false},
		{503, "", false},
	} {
		s.status, s.answer = tt.status, tt.answer
		err := report(s.reporter(t), nil, time.Unix(1, 0))
		require.ErrorContains(t, err, fmt.Sprint("holmes: post to ", s.URL, ": answered ", tt.status))
		require.Equal(t, tt.permanent, holmes.IsPermanent(err), "%d %s", tt.status, tt.answer)
	}
}

func TestNamesAndTags(t *testing.T) {
	for _, tt := range []struct {
		app  string
		tags map[string]string
		want string // "" is an error
	}{
		{"shop.cart-v2/x", nil, "shop.cart-v2/x"},
		{"shop{}", nil, "shop"},
		{"shop{a=1, b = x y}", map[string]string{"a": "2", "c": "d=e"}, "shop{a=2,b=x y,c=d=e}"},
		{"", nil, ""},
		{"{a=b}", nil, ""},
		{"my shop", nil, ""},
		{"shop{a=b", nil, ""},
		{"shop{a}", nil, ""},
		{"shop", map[string]string{"a-b": "c"}, ""},
		{"shop", map[string]string{"1a": "c"}, ""},
		{"shop", map[string]string{"": "c"}, ""},
		{"shop", map[string]string{"a": "b,c=d"}, ""},
		{"shop", map[string]string{"a": "b}"}, ""},
		{"shop", map[string]string{"a": ""}, ""},
		{"shop", map[string]string{"a": "b\n"}, ""},
	} {
		r, err := pyroscope_reporter.NewPyroscopeReporter(tt.app, tt.tags, pyroscope_reporter.RemoteConfig{UpstreamAddress: "http://localhost"}, nil)
		if tt.want == "" {
			require.ErrorContains(t, err, "holmes: pyroscope: ", "%q %v", tt.app, tt.tags)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, tt.want, r.AppName)
	}
}

func TestAddresses(t *testing.T) {
	for at, ok := range map[string]bool{"http://localhost:4040": true, "http://pyroscope:4040": false, "https://pyroscope": true, "": false} {
		_, err := pyroscope_reporter.NewPyroscopeReporter("a", nil, pyroscope_reporter.RemoteConfig{UpstreamAddress: at}, nil)
		require.Equal(t, ok, err == nil, at)
	}
	_, err := pyroscope_reporter.NewPyroscopeReporter("a", nil,
		pyroscope_reporter.RemoteConfig{UpstreamAddress: "http://pyroscope:4040", AllowPlainHTTP: true}, nil)
	require.NoError(t, err)
	_, err = pyroscope_reporter.NewPyroscopeReporter("a", nil,
		pyroscope_reporter.RemoteConfig{UpstreamAddress: "https://pyroscope", UpstreamRequestTimeout: -1}, nil)
	require.Error(t, err)
}
