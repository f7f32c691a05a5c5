package render

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// Turns bound what is drawn at the same time, in memory and time: profiles that are
// added up take many times what they take on disk. An answer is complete, and the
// profiles are free again, before the client takes any of it.
type Turns struct {
	slots   chan struct{}
	timeout time.Duration // of one, the wait included
}

// NewTurns returns n turns at the same time, each with a time limit.
func NewTurns(n int, timeout time.Duration) *Turns {
	return &Turns{slots: make(chan struct{}, n), timeout: timeout}
}

// busyRetry is when a turn may be free.
const busyRetry = 5 * time.Second

// Wait waits for a turn, until ctx ends.
func (t *Turns) Wait(ctx context.Context) (done func(), err error) {
	select {
	case t.slots <- struct{}{}:
		return func() { <-t.slots }, nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, &collector.Error{Code: collector.Busy, RetryAfter: busyRetry, Message: "too many profiles are being added up and drawn at the same time"}
		}
		return nil, ctx.Err()
	}
}

// Serve serves a request in its turn.
func (t *Turns) Serve(w http.ResponseWriter, r *http.Request, serve func(http.ResponseWriter, *http.Request) error) error {
	ctx, stop := context.WithTimeout(r.Context(), t.timeout)
	defer stop()
	a := NewRecorder()
	if err := t.record(ctx, a, r.WithContext(ctx), serve); err != nil {
		return err
	}
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body.Bytes()) // a client that has left is no error
	return nil
}

func (t *Turns) record(ctx context.Context, to *Recorder, r *http.Request, serve func(http.ResponseWriter, *http.Request) error) error {
	done, err := t.Wait(ctx)
	if err != nil {
		return err
	}
	defer done()
	return serve(to, r)
}
