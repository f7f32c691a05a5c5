package serve

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters"
	"go.uber.org/zap"

	"github.com/go-holmes/holmes/collector/internal/render"
)

// WatchDir is the directory of the collector's own events until they are stored,
// below [Config].Data.
const WatchDir = "watch"

// ownService is the service of the collector's own events.
const ownService = "holmes-collector"

// watch starts holmes on this process. Its events go to the collector itself,
// without the network. The returned function stops it.
func (c *Config) watch(take http.HandlerFunc, log *zap.Logger) (stop func(), err error) {
	reporter, err := reporters.NewCollector("http://127.0.0.1", reporters.WithHTTPClient(&http.Client{Transport: within{take}}))
	if err != nil {
		return nil, err
	}
	h, err := holmes.New(
		holmes.WithDumpPath(filepath.Join(c.Data, WatchDir)), holmes.WithDumpLimits(10, 64<<20),
		holmes.WithLabels(map[string]string{"service": ownService}),
		holmes.WithLogger(watchLog{log.Named("watch").Sugar()}), holmes.WithReporter(reporter),
	)
	if err == nil {
		err = h.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("holmes serve: -watch: %w", err)
	}
	return h.Stop, nil
}

// watchLog is where holmes logs to.
type watchLog struct{ *zap.SugaredLogger }

// within is a transport to a handler of this process.
type within struct{ handler http.Handler }

// RoundTrip implements [http.RoundTripper].
func (t within) RoundTrip(r *http.Request) (*http.Response, error) {
	served := r.Clone(r.Context())
	served.RemoteAddr, served.RequestURI = "this process", r.URL.Path
	if served.Body == nil {
		served.Body = http.NoBody
	}
	defer served.Body.Close()
	a := render.NewRecorder()
	t.handler.ServeHTTP(a, served)
	if err := context.Cause(r.Context()); err != nil {
		return nil, err
	}
	return &http.Response{
		Status: http.StatusText(a.Status), StatusCode: a.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.Header(), Body: io.NopCloser(&a.Body), ContentLength: int64(a.Body.Len()), Request: r,
	}, nil
}
