// Command pyroscope is the service with pyroscope-go, whose uploads go to files.
package main

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/grafana/pyroscope-go"

	"github.com/go-holmes/holmes/bench/internal/subject"
)

func main() { subject.Main(subject.Watcher{Path: "github.com/grafana/pyroscope-go", Start: start}) }

func start(o subject.Options) (func(), error) {
	config := pyroscope.Config{
		ApplicationName: "service", ServerAddress: "http://receiver.invalid", HTTPClient: &receiver{dir: o.Dir},
		// The default types, and goroutines.
		ProfileTypes: append([]pyroscope.ProfileType{pyroscope.ProfileGoroutines}, pyroscope.DefaultProfileTypes...),
	}
	if o.Interval != "" {
		var err error
		if config.UploadRate, err = time.ParseDuration(o.Interval); err != nil {
			return nil, err
		}
	}
	p, err := pyroscope.Start(config)
	if err != nil {
		return nil, err
	}
	return func() { _ = p.Stop() }, nil // its error is always nil
}

// A receiver stores uploads, without a network.
type receiver struct {
	dir string
	n   atomic.Uint64
}

func (r *receiver) Do(req *http.Request) (*http.Response, error) {
	if err := r.keep(req); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: req}, nil
}

// keep writes the profile of an upload to a file.
func (r *receiver) keep(req *http.Request) error {
	_, params, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	parts := multipart.NewReader(req.Body, params["boundary"])
	for {
		part, err := parts.NextPart()
		if err != nil {
			return fmt.Errorf("an upload without a profile: %w", err)
		}
		if part.FormName() != "profile" {
			continue
		}
		raw, err := io.ReadAll(part)
		if err != nil {
			return err
		}
		name := filepath.Join(r.dir, fmt.Sprintf("upload-%d.pb.gz", r.n.Add(1)))
		if err := os.WriteFile(name+".tmp", raw, 0o600); err != nil {
			return err
		}
		return os.Rename(name+".tmp", name)
	}
}
