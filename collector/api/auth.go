package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/go-holmes/holmes/collector"
)

// authorize returns an error unless the client has the right. Open allows whatever
// has no token. It returns the only service that the client may upload, or "".
func (h *Handler) authorize(r *http.Request, needed right) (service string, err error) {
	if needed == public {
		return "", nil
	}
	all := h.credentials.Load()
	if len(all[needed]) == 0 {
		if !h.config.Open {
			return "", collector.Errorf(forbidden, "%s is off: the server has no token for it", needed)
		}
		if !h.trusted(r.Host) {
			return "", collector.Errorf(forbidden, "host %.80q: without a token the server is localhost, or an address", r.Host)
		}
		return "", nil
	}
	sent, ok := sentToken(r)
	if !ok {
		return "", collector.Errorf(unauthorized, "a token for %s is needed", needed)
	}
	if found := lookUp(all[needed], sent); found != nil {
		return found.service, nil
	}
	for _, other := range all {
		if lookUp(other, sent) != nil {
			return "", collector.Errorf(forbidden, "the token is not one for %s", needed)
		}
	}
	return "", errUnknownToken(needed)
}

func errUnknownToken(needed right) error {
	return &collector.Error{Code: unauthorized, Message: "the token is not one for " + needed.String(), Err: errLogin}
}

// errLogin is the cause of an error about a token that is none.
var errLogin = errors.New("holmes: api: unknown token")

// lookUp returns a token, or nil. It compares in constant time.
func lookUp(tokens []token, sent string) (found *token) {
	hash := sha256.Sum256([]byte(sent))
	for i := range tokens {
		if subtle.ConstantTimeCompare(tokens[i].hash[:], hash[:]) == 1 {
			found = &tokens[i]
		}
	}
	return found
}

// loginFailed logs a failed log-in and delays its answer, so that tokens cannot be
// tried out fast. Above a number of delayed ones it asks to come again.
func (h *Handler) loginFailed(r *http.Request, err error) error {
	h.metrics.failedLogins.Inc()
	h.sampled.Warn("log-in failed", zap.String("client", client(r)), zap.String("method", r.Method), zap.String("path", r.URL.Path), zap.Error(err))
	select {
	case h.logins <- struct{}{}:
		defer func() { <-h.logins }()
	default:
		return errBusy()
	}
	select {
	case <-time.After(h.limits.Login):
	case <-r.Context().Done():
	}
	return err
}

// delayedLogins bounds the failed log-ins that are delayed at the same time.
const delayedLogins = 64

// trusted reports whether a Host header is an address, localhost, or a name that the
// configuration has. Any other name may belong to a web page that resolves it to this
// machine (DNS rebinding).
func (h *Handler) trusted(host string) bool {
	host = hostName(host)
	return namesThisMachine(host) || slices.ContainsFunc(h.config.Hosts, func(name string) bool { return strings.EqualFold(host, hostName(name)) })
}

// hostName is a Host header without its port.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(strings.Trim(host, "[]"), ".")
}

// origins are the origins of the names in the configuration, for a proxy that
// changes the Host header.
func (c *Config) origins() (all []string) {
	for _, name := range c.Hosts {
		all = append(all, "https://"+name, "http://"+name)
	}
	return all
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

// namesThisMachine reports whether the name of a host is an address, or localhost.
func namesThisMachine(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}
