package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/go-holmes/holmes/collector"
)

// Tokens are the secrets of the three rights. They are sent as a bearer token,
// or as the password of basic authentication with any user, which is what
// `go tool pprof` and browsers can do.
type Tokens struct {
	Write   string // to send profiles and events
	Read    string // to search, download, merge and compare
	Trigger string // to make the collector act
}

// A right is what a route requires of a client.
type right int

const (
	public right = iota
	toWrite
	toRead
	toTrigger
)

func (r right) String() string {
	return [...]string{"anything", "writing", "reading", "triggering"}[r]
}

func (t *Tokens) of(r right) string {
	switch r {
	case toWrite:
		return t.Write
	case toRead:
		return t.Read
	case toTrigger:
		return t.Trigger
	default:
		return ""
	}
}

// authorize returns an error unless the client has the right. Open allows whatever
// has no token.
func (t *Tokens) authorize(r *http.Request, needed right, open bool) error {
	if needed == public {
		return nil
	}
	token := t.of(needed)
	if token == "" {
		if !open {
			return collector.Errorf(forbidden, "%s is off: the server has no token for it", needed)
		}
		if !namesThisMachine(r.Host) {
			return collector.Errorf(forbidden, "host %.80q: without a token the server is localhost, or an address", r.Host)
		}
		return nil
	}
	sent, ok := sentToken(r)
	if !ok {
		return collector.Errorf(unauthorized, "a token for %s is needed", needed)
	}
	if !same(sent, token) {
		return collector.Errorf(forbidden, "the token is not the one for %s", needed)
	}
	return nil
}

// sentToken returns the token that came with a request. Basic authentication
// carries it as the password.
func sentToken(r *http.Request) (string, bool) {
	if _, password, ok := r.BasicAuth(); ok {
		return password, true
	}
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return token, ok && strings.EqualFold(scheme, "Bearer")
}

// same compares secrets in constant time.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// namesThisMachine reports whether a Host header is an address, or localhost. Any
// other name may belong to a web page that resolves it to this machine (DNS
// rebinding).
func namesThisMachine(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.Trim(host, "[]"), ".")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}
