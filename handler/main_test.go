package handler_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/handler"
	"github.com/go-holmes/holmes/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A site is a server with the handler of one Holmes below a prefix.
type site struct {
	*holmes.Holmes
	direct http.Handler // without a server
	url    string
	dir    string
}

// newSite returns the site of a Holmes that runs until the end of the test.
func newSite(t *testing.T, opts ...holmes.Option) *site {
	t.Helper()
	dir := t.TempDir()
	all := append([]holmes.Option{holmes.WithDumpPath(dir), holmes.WithLogger(nil), holmes.WithBaseline(0), holmes.WithForcedGC(false)}, opts...)
	h := testkit.Must(holmes.New(all...))(t)
	require.NoError(t, h.Start())
	t.Cleanup(h.Stop)
	s := serve(t, h)
	s.dir = dir
	return s
}

func serve(t *testing.T, h *holmes.Holmes) *site {
	t.Helper()
	direct := handler.New(h)
	mux := http.NewServeMux()
	mux.Handle("/debug/holmes/", http.StripPrefix("/debug/holmes", direct))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return &site{Holmes: h, direct: direct, url: server.URL + "/debug/holmes"}
}

// An answer is one that has been read.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request as it is: the path is not cleaned, and no redirect is followed.
func (s *site) ask(t *testing.T, method, path string, form url.Values, headers ...string) answer {
	t.Helper()
	r := testkit.Must(http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(form.Encode())))(t)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	return answer{response.StatusCode, response.Header, string(testkit.Must(io.ReadAll(response.Body))(t))}
}

func (s *site) get(t *testing.T, path string) answer { t.Helper(); return s.ask(t, "GET", path, nil) }

// capture captures an event by the handler.
func (s *site) capture(t *testing.T, kinds ...string) answer {
	t.Helper()
	return s.ask(t, "POST", "/capture", url.Values{"kind": kinds})
}
