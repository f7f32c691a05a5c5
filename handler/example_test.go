package handler_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"os"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/handler"
)

// The handler is mounted beside net/http/pprof, on an address that only operators reach.
func ExampleNew() {
	dir, err := os.MkdirTemp("", "evidence")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	h, err := holmes.New(holmes.WithDumpPath(dir), holmes.WithLogger(nil))
	if err != nil {
		fmt.Println(err)
	}
	_ = h.Start()
	defer h.Stop()

	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("/debug/pprof/profile", handler.Profile)
	mux.Handle("/debug/holmes/", http.StripPrefix("/debug/holmes", handler.New(h)))
	// In a service: go http.ListenAndServe("localhost:6060", mux)

	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequestWithContext(context.Background(), "POST", "/debug/holmes/capture?kind=goroutine", nil))
	fmt.Println(answer.Code, answer.Header().Get("Content-Type"))
	// Output: 200 application/json
}
