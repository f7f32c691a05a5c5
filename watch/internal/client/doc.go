// Package client reads targets over HTTP. It goes only where discovery points: an
// answer is bounded in bytes and time, a redirect to another host is an error, every
// address is checked when it is dialed, and a profile is taken from the address that
// the metrics were read from, whatever the name resolves to by then.
package client
