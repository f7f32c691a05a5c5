// Command threads keeps threads of the operating system.
package main

import (
	"log"
	"net/http"
	"runtime"
	"time"

	"github.com/go-holmes/holmes"

	"github.com/go-holmes/holmes/bench/compat/internal/service"
)

func main() {
	h, err := holmes.New(
		holmes.WithCollectInterval("250ms"),
		holmes.WithDumpPath(service.Dir()),
		holmes.WithTextDump(),
		holmes.WithThreadDump(10, 25, 100, time.Minute),
		holmes.WithProfileReporter(service.Printer{}),
	)
	if err != nil {
		log.Fatal(err)
	}
	h.EnableThreadDump().Start() //nolint:errcheck // mosn/holmes returns none: its users write this
	service.Serve(h, map[string]http.HandlerFunc{"/threads": threads})
}

func threads(http.ResponseWriter, *http.Request) {
	never := make(chan struct{})
	for range 200 {
		go func() {
			runtime.LockOSThread()
			<-never
		}()
	}
}
