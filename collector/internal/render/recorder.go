package render

import (
	"bytes"
	"net/http"
)

// A Recorder holds an answer in memory.
type Recorder struct {
	Status int
	Body   bytes.Buffer
	header http.Header
}

// NewRecorder returns one for an answer.
func NewRecorder() *Recorder { return &Recorder{Status: http.StatusOK, header: http.Header{}} }

// Header implements [http.ResponseWriter].
func (r *Recorder) Header() http.Header { return r.header }

// WriteHeader implements [http.ResponseWriter].
func (r *Recorder) WriteHeader(status int) { r.Status = status }

func (r *Recorder) Write(b []byte) (int, error) { return r.Body.Write(b) }
