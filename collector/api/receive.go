package api

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// body returns what a client sends, at most limit bytes of it. Each read has a
// deadline, and so has the whole.
func (h *Handler) body(w http.ResponseWriter, r *http.Request, limit int64) io.Reader {
	if r.ContentLength > limit {
		return failing{&http.MaxBytesError{Limit: limit}} // there is no point in receiving it
	}
	return &pacedReader{
		r: http.MaxBytesReader(w, r.Body, limit), control: http.NewResponseController(w),
		idle: h.limits.Idle, until: h.now().Add(h.limits.Upload), now: h.now,
	}
}

// A pacedReader gives a client a while for each piece of what it sends, and a
// longer one for all of it.
type pacedReader struct {
	r       io.Reader
	control *http.ResponseController
	idle    time.Duration
	until   time.Time
	now     func() time.Time
}

func (p *pacedReader) Read(b []byte) (int, error) {
	deadline := p.now().Add(p.idle)
	if deadline.After(p.until) {
		deadline = p.until
	}
	_ = p.control.SetReadDeadline(deadline) // readers of tests have none
	n, err := p.r.Read(b)
	if err == io.EOF {
		// The server goes on reading, to see the client leave.
		_ = p.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// receive writes what a client sends to a file of a draft.
func receive(d collector.Draft, name string, from io.Reader, limit int64) (int64, error) {
	to, err := d.Add(name)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(to, io.LimitReader(from, limit+1))
	if err == nil && n > limit {
		err = collector.Errorf(collector.TooLarge, "%s is larger than %d bytes", name, limit)
	}
	return n, clientError(err)
}

// clientError names what went wrong with the connection. It is the client's
// doing.
func clientError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return collector.Errorf(collector.Invalid, "the body ended early")
	}
	return err
}
