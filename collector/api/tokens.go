package api

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/go-holmes/holmes/collector"
)

// Tokens are the secrets of the three rights. They are sent as a bearer token,
// or as the password of basic authentication with any user, which is what
// `go tool pprof` and browsers can do.
//
// Each right may have several tokens, one a line: while one is replaced, the old and
// the new one are valid. A line "service=shop TOKEN" among those for writing is a
// token that uploads nothing but that service. Empty lines and lines that begin with
// # mean nothing.
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

// A token is one secret.
type token struct {
	hash    [sha256.Size]byte
	service string // the only one that it may upload, or ""
}

// credentials are the tokens of each right.
type credentials [toTrigger + 1][]token

func (t *Tokens) parse() (c credentials, err error) {
	c[toWrite], c[toRead], c[toTrigger] = tokensIn(t.Write), tokensIn(t.Read), tokensIn(t.Trigger)
	for _, r := range []right{toRead, toTrigger} {
		if slices.ContainsFunc(c[r], func(t token) bool { return t.service != "" }) {
			return c, collector.Errorf(collector.Invalid, "a token for %s has a service: only those for writing can", r)
		}
	}
	return c, nil
}

// Protected reports whether reading and writing both need a token.
func (t *Tokens) Protected() bool { return len(tokensIn(t.Write)) > 0 && len(tokensIn(t.Read)) > 0 }

func tokensIn(text string) (tokens []token) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		var t token
		if rest, ok := strings.CutPrefix(line, "service="); ok {
			t.service, line, _ = strings.Cut(rest, " ")
			if line = strings.TrimSpace(line); line == "" {
				continue // no secret must never be one
			}
		}
		t.hash = sha256.Sum256([]byte(line))
		tokens = append(tokens, t)
	}
	return tokens
}

// A serviceKey is the key of the service that a token is bound to, in the context of its requests.
type serviceKey struct{}

// checkService returns an error if the token of a request is bound to another
// service.
func checkService(ctx context.Context, service string) error {
	if only, _ := ctx.Value(serviceKey{}).(string); only != "" && only != service {
		return collector.Errorf(forbidden, "the token is for service %q, and not for %.80q", only, service)
	}
	return nil
}
