package httpclient_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters/internal/httpclient"
)

// How long a receiver may take that does nothing, in synthetic time: the default, the
// time of the caller, or the configured one, which no other limit stays below. Only an
// error of a receiver that was connected is one of a deadline.
func TestSilentReceiverIsTimedOut(t *testing.T) {
	hang := func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
	hear := func(conn net.Conn) {
		if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.Copy(io.Discard, r.Body)
		}
	}
	for name, tt := range map[string]struct {
		url  string
		does func(net.Conn)
		want time.Duration
	}{
		"no handshake": {"https://receiver", hang, 5 * time.Second},
		"no answer":    {"http://receiver", hang, 30 * time.Second},
		"half an answer": {"http://receiver", func(conn net.Conn) {
			hear(conn)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
			hang(conn)
		}, 30 * time.Second},
		"a header line a second": {"http://receiver", func(conn net.Conn) {
			hear(conn)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
			for range time.Tick(time.Second) {
				if _, err := io.WriteString(conn, "X: y\r\n"); err != nil {
					return
				}
			}
		}, 30 * time.Second},
		"a byte a second": {"http://receiver", func(conn net.Conn) {
			hear(conn)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
			for range time.Tick(time.Second) {
				if _, err := io.WriteString(conn, "x"); err != nil {
					return
				}
			}
		}, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				receivers := make(chan chan struct{}, 10)
				dialed := func(config httpclient.Config) *httpclient.Client {
					c := client(t, config)
					c.DialWith(func() net.Conn {
						ours, theirs := net.Pipe()
						ended := make(chan struct{})
						go func() {
							defer close(ended)
							defer theirs.Close()
							tt.does(theirs)
						}()
						receivers <- ended
						return ours
					})
					return c
				}
				silent := func(c *httpclient.Client, ctx context.Context, want time.Duration) {
					began := time.Now()
					_, err := c.Post(ctx, httpclient.Request{})
					require.Error(t, err)
					require.False(t, holmes.IsPermanent(err))
					require.Equal(t, want, time.Since(began))
					require.Equal(t, name != "no handshake", errors.Is(err, context.DeadlineExceeded), err)
				}
				c := dialed(httpclient.Config{URL: tt.url, PlainHTTP: true})
				silent(c, t.Context(), tt.want)
				long, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				if tt.want > 5*time.Second {
					tt.want = 2 * time.Minute
				}
				silent(c, long, tt.want)
				own := dialed(httpclient.Config{URL: tt.url, PlainHTTP: true, Timeout: 4 * time.Second})
				silent(own, t.Context(), 4*time.Second)
				synctest.Wait() // until no connection is being made
				for range len(receivers) {
					<-<-receivers
				}
			})
		})
	}
}
