package safepprof

import (
	"errors"
	"io"

	"github.com/go-holmes/holmes/collector"
)

// Inflate returns what a request has, inflated if it is gzip, for one that holds
// profiles and is none itself. body bounds what is sent and inflated what it inflates
// to, both in bytes; their ratio has the bounds of a profile. Errors are those of
// [Checker.Check].
func Inflate(request io.Reader, body, inflated int64) io.Reader {
	s := &stream{}
	s.begin(request, &Limits{Body: body, Inflated: inflated}, nil)
	return envelope{s}
}

// An envelope is a stream around profiles.
type envelope struct{ *stream }

func (e envelope) Read(p []byte) (int, error) {
	n, err := e.stream.Read(p)
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	err = e.blame(err)
	if tooLarge, ok := errors.AsType[*TooLargeError](err); ok {
		err = collector.Errorf(collector.TooLarge, "%w", &TooLargeError{What: tooLarge.What, Limit: tooLarge.Limit, Of: "request"})
	}
	if not, ok := errors.AsType[*NotProfileError](err); ok {
		err = collector.Errorf(collector.Invalid, "the request: %s", not.Reason)
	}
	return n, err
}
