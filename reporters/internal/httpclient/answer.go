package httpclient

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/go-holmes/holmes"
)

// maxReason is how much of an answer's text an error repeats.
const maxReason = 200

// An AnswerError is an answer whose status is not 2xx.
type AnswerError struct {
	// Status is the HTTP status.
	Status int
	// Reason is the start of the answer's text, in one line, without secrets.
	Reason string

	text       []byte
	retryAfter time.Duration
}

func (a *AnswerError) Error() string {
	text := fmt.Sprintf("answered %d %s", a.Status, http.StatusText(a.Status))
	if a.Reason != "" {
		text += ": " + a.Reason
	}
	return text
}

// Says reports whether a word is in the answer's text, in all that was read of
// it.
func (a *AnswerError) Says(word string) bool { return bytes.Contains(a.text, []byte(word)) }

// RetryAfter is how long the receiver asks to be left alone, and 0 when it
// does not say.
func (a *AnswerError) RetryAfter() time.Duration { return a.retryAfter }

// Mendable reports whether the configuration of the receiver, of a proxy or of this
// process may be at fault, so that the event will be taken when that is mended: a
// token that is no longer valid or not yet known, a missing permission, a path that
// is not served, a redirect.
func (a *AnswerError) Mendable() bool {
	switch a.Status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect,
		http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusProxyAuthRequired:
		return true
	default:
		return false
	}
}

// answerError makes an error of an answer whose status is not 2xx.
func (c *Client) answerError(resp *http.Response, text []byte) error {
	a := &AnswerError{Status: resp.StatusCode, Reason: c.Reason(text), text: text}
	if at, err := resp.Location(); err == nil && resp.StatusCode < 400 {
		a.Reason = "a redirect to " + at.Host + ", refused"
	}
	if !worthARetry(a.Status) && !a.Mendable() {
		return holmes.Permanent(a)
	}
	a.retryAfter = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	return a
}

func worthARetry(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	default:
		return status >= 500
	}
}

// retryAfter reads the header's two forms: seconds, or a date.
func retryAfter(header string, now time.Time) time.Duration {
	const most = 24 * 60 * 60 // what is above it is a mistake, and so is an overflow
	if seconds, err := strconv.Atoi(header); err == nil {
		return time.Duration(min(max(seconds, 0), most)) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(at.Sub(now), 0), most*time.Second)
	}
	return 0
}

// Reason makes an answer's text fit for an error: one line, printable, short,
// and without the secrets that a receiver may echo.
func (c *Client) Reason(text []byte) string {
	line := strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, string(text))
	line = strings.Join(strings.Fields(line), " ")
	secrets := c.secrets
	if token := c.latest.Load(); token != nil {
		secrets = append(slices.Clip(secrets), *token)
	}
	for _, secret := range secrets {
		line = strings.ReplaceAll(line, secret, "[removed]")
	}
	if runes := []rune(line); len(runes) > maxReason {
		line = string(runes[:maxReason]) + "..."
	}
	return line
}
