package shop

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func opened(t *testing.T) *Shop {
	t.Helper()
	s, err := Open()
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

func TestAnswers(t *testing.T) {
	s := opened(t)
	for _, tt := range []struct{ method, path, want string }{
		{http.MethodGet, "/search", "\n"},
		{http.MethodGet, "/orders", `"gift":"yes"`},
		{http.MethodGet, "/hash", "\n"},
		{http.MethodGet, "/product/7", "product 7 product 7"},
		{http.MethodGet, "/checkout?items=600", "99\n"},
		{http.MethodPost, "/login?bytes=100", "session-"},
		{http.MethodGet, "/report?pages=2", "page "},
		{http.MethodGet, "/report?pages=3&hurry", "page "},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, s.URL()+tt.path, http.NoBody)
		require.NoError(t, err)
		resp, err := s.visitor.client.Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode, tt.path)
		require.Contains(t, string(body), tt.want, tt.path)
	}
}

func TestSessionsEndUnlessTheyLeak(t *testing.T) {
	s := newSessions()
	fill := func() int {
		for range 3 * remembered {
			s.remember(1000)
		}
		return len(s.data)
	}
	require.Equal(t, remembered, fill())
	s.leak(true)
	require.Equal(t, 4*remembered, fill())
	s.leak(false)
	s.clear()
	require.Equal(t, remembered, fill())
}

func TestPagesAreReleased(t *testing.T) {
	p := newPages()
	noReader := make(chan string)
	p.start(10, func(n int, released <-chan struct{}) { renderPage(n, noReader, released) })
	p.release() // returns when all ten have ended
	ran := make(chan struct{})
	p.start(1, func(int, <-chan struct{}) { close(ran) })
	<-ran
	p.release()
}

// The names are those of profiles. A fault that has ended leaves nothing behind:
// goleak fails otherwise.
func TestInject(t *testing.T) {
	ends := map[string]string{"cpu": ".applyCoupons", "goroutine": ".renderPage", "heap": ".(*sessions).remember"}
	s := opened(t)
	require.Len(t, Faults(), len(ends))
	for _, f := range Faults() {
		require.True(t, strings.HasSuffix(f.Guilty, ends[f.Name]), f.Guilty)
		require.NoError(t, s.Inject(f.Name))
	}
	require.NoError(t, s.Inject(""))
	s.sessions.mu.Lock() // the load goes on
	require.LessOrEqual(t, len(s.sessions.data), remembered)
	require.False(t, s.sessions.leaks)
	s.sessions.mu.Unlock()
	require.ErrorContains(t, s.Inject("fish"), `"fish"`)
}
