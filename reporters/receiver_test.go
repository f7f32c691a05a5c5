package reporters_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// receiver stores whole events, once each.
type receiver struct {
	*httptest.Server
	t     *testing.T
	stall chan struct{} // nil: answer at once

	mu     sync.Mutex
	events map[string]map[string][]byte
	stored int
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{t: t, events: map[string]map[string][]byte{}}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if r.stall != nil {
		<-r.stall
	}
	files := map[string][]byte{}
	parts, err := req.MultipartReader()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return // the sender has left
		}
		name := part.FileName()
		if part.FormName() == "event" {
			name = "event.json"
		}
		if files[name], err = io.ReadAll(part); err != nil {
			return
		}
	}
	id := req.Header.Get("Idempotency-Key")
	r.mu.Lock()
	defer r.mu.Unlock()
	status := http.StatusOK
	if r.events[id] == nil {
		r.events[id] = files
		r.stored++
		status = http.StatusCreated
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"id": id})
}

func (r *receiver) received(id string) map[string][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events[id]
}

func (r *receiver) hold() (resume func()) {
	r.stall = make(chan struct{})
	return func() { close(r.stall) }
}

func (r *receiver) requireStored(n int) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	require.Equal(r.t, n, r.stored)
}
