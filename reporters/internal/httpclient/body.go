package httpclient

import (
	"io"
	"net/http"
	"sync"
)

// A body stops reading when it is closed. A transport may go on reading for a
// while after it has returned; what it reads is not ours any more by then.
type body struct {
	mu     sync.Mutex
	r      io.Reader
	closed bool
}

func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return 0, http.ErrBodyReadAfterClose
	case b.r == nil:
		return 0, io.EOF
	}
	return b.r.Read(p)
}

func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return nil
}
