package httpclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters/internal/httpclient"
)

// Each status is permanent or is retried.
func TestPermanentAnswers(t *testing.T) {
	for status, permanent := range map[int]bool{
		400: true, 405: true, 409: true, 410: true, 413: true, 422: true, 304: true,
		301: false, 302: false, 303: false, 307: false, 308: false, 401: false, 403: false, 404: false, 407: false,
		408: false, 425: false, 429: false, 500: false, 502: false, 503: false, 504: false, 507: false,
	} {
		at := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		_, err := client(t, httpclient.Config{URL: at}).Post(context.Background(), httpclient.Request{})
		require.ErrorContains(t, err, fmt.Sprint(status))
		require.Equal(t, permanent, holmes.IsPermanent(err), status)
		var answer *httpclient.AnswerError
		require.ErrorAs(t, err, &answer)
		require.Equal(t, status, answer.Status)
		require.Equal(t, !permanent && status < 408, answer.Mendable(), status)
	}
}

func TestRetryAfter(t *testing.T) {
	inAMinute := time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)
	for _, tt := range []struct {
		header      string
		least, most time.Duration
	}{
		{"", 0, 0},
		{"7", 7 * time.Second, 7 * time.Second},
		{"-7", 0, 0},
		{"soon", 0, 0},
		{"99999999999", 24 * time.Hour, 24 * time.Hour},
		{inAMinute, time.Second, time.Minute},
		{"Mon, 02 Jan 2006 15:04:05 GMT", 0, 0},
	} {
		at := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", tt.header)
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		_, err := client(t, httpclient.Config{URL: at}).Post(context.Background(), httpclient.Request{})
		var hint interface {
			error
			RetryAfter() time.Duration
		}
		require.ErrorAs(t, err, &hint)
		require.GreaterOrEqual(t, hint.RetryAfter(), tt.least, tt.header)
		require.LessOrEqual(t, hint.RetryAfter(), tt.most, tt.header)
	}
}

func TestNetworkErrorsAreNotPermanent(t *testing.T) {
	reset := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if tcp, ok := conn.(*net.TCPConn); assert.NoError(t, err) && ok {
			_ = tcp.SetLinger(0) // a reset instead of an end
			_ = tcp.Close()
		}
	})
	cut := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "less")
	})
	for name, at := range map[string]string{"reset": reset, "cut short": cut, "refused": "http://" + unusedAddress(t)} {
		t.Run(name, func(t *testing.T) {
			_, err := client(t, httpclient.Config{URL: at}).Post(context.Background(), httpclient.Request{})
			require.ErrorContains(t, err, "holmes: post to "+at)
			require.False(t, holmes.IsPermanent(err))
		})
	}
}

func TestPostEndsWithItsContextAndItsTimeout(t *testing.T) {
	arrived, release := make(chan struct{}, 1), make(chan struct{})
	at := serve(t, func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-release
	})
	t.Cleanup(func() { close(release) }) // before the server is closed

	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-arrived
		cancel()
	}()
	_, err := client(t, httpclient.Config{URL: at}).Post(ctx, httpclient.Request{Body: strings.NewReader("x")})
	require.ErrorIs(t, err, context.Canceled)

	_, err = client(t, httpclient.Config{URL: at, Timeout: 20 * time.Millisecond}).Post(context.Background(), httpclient.Request{})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.False(t, holmes.IsPermanent(err))
}

// The body belongs to the caller again when Post returns, also when the receiver
// answered without reading it.
func TestPostReadsNothingAfterItReturned(t *testing.T) {
	at := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestEntityTooLarge) })
	body := &endless{}
	_, err := client(t, httpclient.Config{URL: at}).Post(context.Background(), httpclient.Request{Body: body})
	require.Error(t, err)
	body.reads = 0 // a data race if it is still being read
}

type endless struct{ reads int }

func (e *endless) Read(p []byte) (int, error) {
	e.reads++
	return len(p), nil
}

func TestPostReportsAnErrorOfTheBody(t *testing.T) {
	errDisk := errors.New("disk")
	at := serve(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	_, err := client(t, httpclient.Config{URL: at}).Post(context.Background(),
		httpclient.Request{Body: io.MultiReader(strings.NewReader("start"), failing{errDisk})})
	require.ErrorIs(t, err, errDisk)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
