package httpclient

import (
	"context"
	"net"
	"net/http"
)

// DialWith makes connections by a function instead of the network, under the
// rules of the client's own transport.
func (c *Client) DialWith(dial func() net.Conn) {
	t, ok := c.http.Transport.(*http.Transport)
	if !ok {
		panic("not a transport of its own")
	}
	t.DialContext = func(context.Context, string, string) (net.Conn, error) { return dial(), nil }
}
