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
	for path, want := range map[string]string{
		"/search": "\n", "/orders": `"tea"`, "/checkout?items=600": "99\n", "/login?bytes=100": "session ", "/report?pages=2": "page ", "/report?pages=3&hurry": "page ",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, http.NoBody)
		require.NoError(t, err)
		resp, err := s.client.Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Contains(t, string(body), want, path)
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
	s.set(true)
	require.Equal(t, 4*remembered, fill())
	s.set(false)
	require.Equal(t, remembered, fill())
}

// The names are those that profiles have, and a fault that was switched off leaves
// nothing, or goleak says so.
func TestFaults(t *testing.T) {
	ends := []string{".applyCoupons", ".(*sessions).remember", ".renderPage"}
	s := opened(t)
	for i, f := range Faults() {
		require.True(t, strings.HasSuffix(f.Guilty, ends[i]), f.Guilty)
		require.NoError(t, s.Suffer(f.Name))
	}
	require.NoError(t, s.Suffer(""))
	require.LessOrEqual(t, len(s.sessions.data), remembered)
	require.ErrorContains(t, s.Suffer("fish"), `"fish"`)
}
