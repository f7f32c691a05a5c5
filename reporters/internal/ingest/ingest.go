// Package ingest is what the reporters for Pyroscope's /ingest have in common.
package ingest

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-holmes/holmes/reporters/internal/httpclient"
)

// Path is where Pyroscope takes profiles.
const Path = "ingest"

// Query is that of a profile of a Go program. Name is the application with its
// labels. From and until are whole seconds, rounded outward, and one at least.
func Query(name string, start time.Time, took time.Duration) url.Values {
	end := start.Add(took + time.Second - 1)
	until := max(end.Unix(), start.Unix()+1)
	return url.Values{
		"name":       {name},
		"from":       {strconv.FormatInt(start.Unix(), 10)},
		"until":      {strconv.FormatInt(until, 10)},
		"spyName":    {"gospy"},
		"sampleRate": {"100"},
	}
}

// Judge tells the two meanings of the status 422 apart: a profile that will not
// do, or a store behind the server that is down, which is worth a retry.
func Judge(err error) error {
	var answer *httpclient.AnswerError
	if errors.As(err, &answer) && answer.Status == http.StatusUnprocessableEntity && answer.Says("unavailable") {
		return &unavailableError{err.Error(), answer}
	}
	return err
}

// An unavailableError is an error without what marks it as permanent.
type unavailableError struct {
	text   string
	answer *httpclient.AnswerError
}

func (u *unavailableError) Error() string { return u.text }
func (u *unavailableError) Unwrap() error { return u.answer }
