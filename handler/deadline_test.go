package handler_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// A writer records its deadline.
type writer struct {
	*httptest.ResponseRecorder
	deadline time.Time
}

func (w *writer) SetWriteDeadline(t time.Time) error { w.deadline = t; return nil }

// What may take long extends the server's write timeout: a profile by its seconds, 30 by
// default, and a capture and a download by ten minutes. Other answers have the server's,
// and a server without one gets none.
func TestWriteDeadlines(t *testing.T) {
	s := newSite(t)
	e := testkit.Must(s.CaptureNow(t.Context(), holmes.KindThreadcreate))(t)
	gone, leave := context.WithCancel(t.Context())
	leave() // so that a profile ends as soon as it has begun
	for _, tt := range []struct {
		method, path string
		more         time.Duration // 0: the deadline is left alone
	}{
		{"GET", "/profile", 30 * time.Second},
		{"GET", "/profile?seconds=7", 7 * time.Second},
		{"GET", "/profile?seconds=0", 30 * time.Second},
		{"GET", "/profile?seconds=-7", 30 * time.Second},
		{"GET", "/profile?seconds=7s", 30 * time.Second},
		{"POST", "/capture?kind=threadcreate", 10 * time.Minute},
		{"GET", "/events/" + e.ID, 10 * time.Minute},
		{"GET", "/events/" + e.ID + "/threadcreate.pb.gz", 10 * time.Minute},
		{"GET", "/events", 0},
		{"GET", "/status", 0},
		{"GET", "/", 0},
	} {
		for _, timeout := range []time.Duration{0, time.Hour} {
			w := &writer{ResponseRecorder: httptest.NewRecorder()}
			ctx := context.WithValue(gone, http.ServerContextKey, &http.Server{WriteTimeout: timeout, ReadHeaderTimeout: time.Second})
			begun := time.Now()
			s.direct.ServeHTTP(w, httptest.NewRequestWithContext(ctx, tt.method, tt.path, http.NoBody))
			if tt.more == 0 || timeout == 0 {
				require.Zero(t, w.deadline, tt.path)
				continue
			}
			require.WithinRange(t, w.deadline, begun.Add(timeout+tt.more), time.Now().Add(timeout+tt.more), tt.path)
		}
	}
}
