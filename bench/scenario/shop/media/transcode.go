package media

import (
	"context"
	"net/http"

	"golang.org/x/sync/semaphore"
)

// A Studio changes films and pictures, within a weight that the machine can
// carry.
type Studio struct {
	room  *semaphore.Weighted
	all   int64
	parts chan []byte
}

// NewStudio returns a studio that carries a weight.
func NewStudio(weight int64) *Studio {
	return &Studio{room: semaphore.NewWeighted(weight), all: weight, parts: make(chan []byte)}
}

// Transcode changes a film as its parts come in.
func (s *Studio) Transcode(ctx context.Context) (size int, err error) {
	if err := s.room.Acquire(ctx, s.all); err != nil {
		return 0, err
	}
	defer s.room.Release(s.all)
	for {
		select {
		case part := <-s.parts:
			size += len(part)
		case <-ctx.Done():
			return size, ctx.Err()
		}
	}
}

// ServeHTTP answers with a smaller picture.
func (s *Studio) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := s.room.Acquire(r.Context(), 1); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer s.room.Release(1)
	_, _ = w.Write(make([]byte, 500)) // the visitor has gone
}
