package api

import (
	"errors"
	"io"
	"iter"
	"mime/multipart"
	"net/http"

	"github.com/go-holmes/holmes/collector"
)

// receive writes a client's data to a file of a draft.
func receive(d collector.Draft, name string, from io.Reader, limit int64) error {
	to, err := d.Add(name)
	if err != nil {
		return err
	}
	n, err := io.Copy(to, io.LimitReader(from, limit+1))
	if err == nil && n > limit {
		err = collector.Errorf(collector.TooLarge, "%s is larger than %d bytes", name, limit)
	}
	return clientError(err)
}

// partsOf returns the parts of a multipart body. A wrapped EOF is a body that ended
// early.
func partsOf(r *http.Request) iter.Seq2[*multipart.Part, error] {
	return func(yield func(*multipart.Part, error) bool) {
		parts, err := r.MultipartReader()
		if err != nil {
			yield(nil, notMultipart(err))
			return
		}
		for {
			part, err := parts.NextRawPart()
			if err == io.EOF {
				return
			}
			failed := clientError(err)
			if err != nil && failureOf(failed).code == collector.Internal {
				failed = notMultipart(err) // the connection did not fail
			}
			if !yield(part, failed) || err != nil {
				return
			}
		}
	}
}

func notMultipart(err error) error {
	return collector.Errorf(collector.Invalid, "the body is not multipart/form-data: %w", err)
}

// clientError translates an error of reading from a client.
func clientError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return collector.Errorf(collector.Invalid, "the body ended early")
	}
	return err
}
