package handler_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"os"
	"strings"

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
	mux.Handle("/debug/holmes/", http.StripPrefix("/debug/holmes", handler.New(h)))
	server := httptest.NewServer(mux) // in a service: go http.ListenAndServe("localhost:6060", mux)
	defer server.Close()

	response, err := http.Post(server.URL+"/debug/holmes/capture", "application/x-www-form-urlencoded", strings.NewReader("kind=goroutine"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	fmt.Println(response.Status, response.Header.Get("Content-Type"))
	// Output: 200 OK application/json
}
