// Command slowleak leaves a goroutine behind with every request: its channel is
// never closed.
package main

import (
	"log"
	"net/http"
	"time"

	"github.com/go-holmes/holmes"

	"github.com/go-holmes/holmes/bench/compat/internal/service"
)

func main() {
	h, err := holmes.New(
		holmes.WithCollectInterval("250ms"),
		holmes.WithDumpPath(service.Dir()),
		holmes.WithLogger(holmes.NewStdLogger()),
		holmes.WithTextDump(),
		holmes.WithGoroutineDump(10, 25, 80, 10*1000, time.Minute),
		holmes.WithProfileReporter(service.Printer{}),
	)
	if err != nil {
		log.Fatal(err)
	}
	h.EnableGoroutineDump().Start() //nolint:errcheck // mosn/holmes returns none: its users write this
	service.Serve(h, map[string]http.HandlerFunc{"/leak": leak})
}

func leak(http.ResponseWriter, *http.Request) {
	tasks := make(chan int)
	go func() {
		done := 0
		for n := range tasks {
			done += n
		}
	}()
	go func() {
		for i := range 10 {
			tasks <- i
		}
	}()
}
