package api

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// body returns what a client sends, at most limit bytes of it. Each read has a
// deadline, and so has the whole.
func (h *Handler) body(w http.ResponseWriter, r *http.Request, limit int64) *pacedBody {
	b := &pacedBody{
		ReadCloser: http.MaxBytesReader(w, r.Body, limit), control: http.NewResponseController(w),
		idle: h.limits.Idle, until: time.Now().Add(h.limits.Upload),
	}
	if r.ContentLength > limit {
		b.err = &http.MaxBytesError{Limit: limit} // there is no point in receiving it
	}
	return b
}

// A pacedBody gives a client a while for each piece of what it sends, and a
// longer one for all of it.
type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	idle    time.Duration
	until   time.Time
	err     error // what every read ends with
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
	_ = p.control.SetReadDeadline(deadline) // readers of tests have none
	n, err := p.ReadCloser.Read(b)
	p.n += int64(n)
	p.err = err
	if err == io.EOF {
		_ = p.control.SetReadDeadline(time.Time{}) // the server goes on reading, to see the client leave
	}
	return n, err
}

// receive writes what a client sends to a file of a draft.
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

// receiveProfile writes a profile to a file of a draft, and looks at it on its
// way there. It ends at the first thing that is wrong with it.
func (h *Handler) receiveProfile(d collector.Draft, name string, from io.Reader, kind collector.Kind) (safepprof.Info, error) {
	to, err := d.Add(name)
	if err != nil {
		return safepprof.Info{}, err
	}
	checker := h.profiles
	if !kind.Pprof() {
		checker = h.traces
	}
	info, err := checker.ShallowCheck(io.TeeReader(from, to))
	if err == nil {
		err = info.Agrees(kind)
	}
	return info, clientError(err)
}

// clientError names what went wrong with the connection. It is the client's
// doing.
func clientError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return collector.Errorf(collector.Invalid, "the body ended early")
	}
	return err
}
