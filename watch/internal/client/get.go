package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
)

// A Request is what is read, and within which bounds.
type Request struct {
	URL    string
	Accept string
	// Most is the maximum size of the answer in bytes, inflated.
	Most int64
	// Pin is the address of the target: Scrape says that the request sets it, and
	// otherwise the request goes to it.
	Pin    *Pin
	Scrape bool
}

// ErrNotScraped is returned for a profile of a target whose metrics were not read yet.
var ErrNotScraped = errors.New("its metrics were not read yet")

// maxError is how much of the answer of a failed request is read, and maxShown how much
// of it an error has.
const maxError, maxShown = 4 << 10, 200

// A StatusError is an answer other than 200.
type StatusError struct {
	Status int
	Text   string // the beginning of the answer
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("the target answered %d: %s", e.Status, e.Text[:min(len(e.Text), maxShown)])
}

// Get returns the whole answer, or an error if it is larger than the request allows.
func (c *Client) Get(ctx context.Context, r Request) ([]byte, error) {
	remote := ""
	if r.Scrape {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GotConn: func(i httptrace.GotConnInfo) { remote = i.Conn.RemoteAddr().String() },
		})
	} else {
		addr := r.Pin.Addr()
		if addr == "" {
			return nil, ErrNotScraped
		}
		ctx = context.WithValue(ctx, pinned{}, addr)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL, http.NoBody)
	if err != nil {
		return nil, err
	}
	if r.Accept != "" {
		request.Header.Set("Accept", r.Accept)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, maxError))
		return nil, &StatusError{Status: answer.StatusCode, Text: printable(text)}
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, r.Most+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(body)) > r.Most:
		return nil, fmt.Errorf("the answer is larger than %d bytes", r.Most)
	}
	if r.Scrape {
		r.Pin.set(remote)
	}
	return body, nil
}

// printable returns a text of a target on one line, without control characters.
func printable(text []byte) string {
	clean := strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(string(text), "?"))
	return strings.TrimSpace(clean)
}
