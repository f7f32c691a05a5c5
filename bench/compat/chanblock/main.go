// Command chanblock sends on a channel without a receiver.
package main

import (
	"log"
	"net/http"
	"time"

	"github.com/go-holmes/holmes"

	"github.com/go-holmes/holmes/bench/compat/internal/service"
)

const logInfo uint8 = 3 // as in the log package of mosn

func main() {
	h, err := holmes.New(
		holmes.WithCollectInterval("250ms"),
		holmes.WithDumpPath(service.Dir()),
		holmes.WithLogger(holmes.NewFileLog(service.LogFile(), logInfo)),
		holmes.WithTextDump(),
		holmes.WithGoroutineDump(10, 25, 2000, 10*1000, time.Minute),
		holmes.WithProfileReporter(service.Printer{}),
	)
	if err != nil {
		log.Fatal(err)
	}
	h.EnableGoroutineDump().Start() //nolint:errcheck // mosn/holmes returns none: its users write this
	service.Serve(h, map[string]http.HandlerFunc{"/block": block})
}

func block(_ http.ResponseWriter, r *http.Request) {
	var blocked chan int
	select {
	case blocked <- 1:
	case <-r.Context().Done():
	}
}
