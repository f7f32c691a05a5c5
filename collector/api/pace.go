package api

import (
	"io"
	"net/http"
	"time"
)

// bodyOf returns what a client sends, at most limit bytes of it. Each read has a
// deadline, and so has the whole.
func bodyOf(w http.ResponseWriter, r *http.Request, limit int64, idle, whole time.Duration) *pacedBody {
	b := &pacedBody{
		ReadCloser: http.MaxBytesReader(w, r.Body, limit), control: http.NewResponseController(w),
		idle: idle, until: time.Now().Add(whole),
	}
	if r.ContentLength > limit {
		b.err = &http.MaxBytesError{Limit: limit} // receiving it would be in vain
	}
	return b
}

// A pacedBody has a deadline for each read, and a later one for all of them.
type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	idle    time.Duration
	until   time.Time
	err     error // of all further reads
	n       int64 // bytes that were read
}

func (p *pacedBody) Read(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	deadline := time.Now().Add(p.idle)
	if deadline.After(p.until) {
		deadline = p.until
	}
	_ = p.control.SetReadDeadline(deadline) // a test's reader has none
	n, err := p.ReadCloser.Read(b)
	p.n += int64(n)
	p.err = err
	if err == io.EOF {
		_ = p.control.SetReadDeadline(time.Time{}) // the server reads on, to notice that the client leaves
	}
	return n, err
}

// A pacedWriter has a deadline for each write: a large answer may take long, a
// client that reads nothing may not.
type pacedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	idle    time.Duration
	begun   bool
	status  int
}

func (p *pacedWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }

func (p *pacedWriter) WriteHeader(status int) {
	p.begun, p.status = true, status
	p.ResponseWriter.WriteHeader(status)
}

func (p *pacedWriter) Write(b []byte) (int, error) {
	p.begun = true
	p.renew()
	return p.ResponseWriter.Write(b)
}

// renew moves the deadline. A test's writer has none.
func (p *pacedWriter) renew() { _ = p.control.SetWriteDeadline(time.Now().Add(p.idle)) }
