package api

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// A pacedBody has a deadline for each read, for all of them together, and for what
// a client must have sent by now. Only the time that is spent waiting for the client
// counts for its rate.
type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	idle    time.Duration
	rate    int64 // bytes a second
	until   time.Time

	mu     sync.Mutex
	err    error         // of all further reads
	n      int64         // bytes that were read
	waited time.Duration // in reads that have ended
	since  time.Time     // when the read under way began, or zero
	slow   bool          // it was cut off for its rate
}

// Read reads the body, and counts what has come.
func (p *pacedBody) Read(b []byte) (int, error) {
	if err := p.begin(); err != nil {
		return 0, err
	}
	n, err := p.ReadCloser.Read(b)
	return n, p.end(n, err)
}

// begin sets the deadline of a read.
func (p *pacedBody) begin() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	p.since = time.Now()
	deadline := p.since.Add(p.idle)
	if behind := p.since.Add(p.idle + p.expected() - p.waited); behind.Before(deadline) {
		deadline = behind
	}
	if p.until.Before(deadline) {
		deadline = p.until
	}
	_ = p.control.SetReadDeadline(deadline) // a test's reader has none
	return nil
}

// end counts a read.
func (p *pacedBody) end(n int, err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n += int64(n)
	p.waited += time.Since(p.since)
	p.since = time.Time{}
	if errors.Is(err, os.ErrDeadlineExceeded) && (p.slow || p.waited >= p.idle+p.expected()) {
		err = collector.Errorf(tooSlow, "the body came at less than %d bytes a second", p.rate)
	}
	p.err = err
	if errors.Is(err, io.EOF) {
		_ = p.control.SetReadDeadline(time.Time{}) // the server reads on, to notice that the client leaves
	}
	return err
}

// expected is how long the bytes so far may take.
func (p *pacedBody) expected() time.Duration {
	return time.Duration(p.n * int64(time.Second) / p.rate)
}

// pace is the rate so far, as a part of the minimum rate. It is 1 for an upload that
// may not lose its place: one that has come, or for which the server has hardly
// waited.
func (p *pacedBody) pace(grace time.Duration) float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	waited := p.waited
	if !p.since.IsZero() {
		waited += time.Since(p.since)
	}
	if p.err != nil || waited <= grace {
		return 1
	}
	return float64(p.expected()) / float64(waited)
}

// cut ends an upload for its rate.
func (p *pacedBody) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return // all has come, or no more will: the deadline would be that of the server, which reads on
	}
	p.slow = true
	if p.since.IsZero() {
		p.err = collector.Errorf(tooSlow, "the body came at less than %d bytes a second", p.rate)
	}
	_ = p.control.SetReadDeadline(time.Now())
}

// failure is the error with which the body has ended early, or nil.
func (p *pacedBody) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if errors.Is(p.err, io.EOF) {
		return nil
	}
	return p.err
}

// received is the number of bytes that have come.
func (p *pacedBody) received() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n
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
