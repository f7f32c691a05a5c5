// Command deadloop loops in a request until its client has gone.
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
		holmes.WithCollectInterval("1s"),
		holmes.WithDumpPath(service.Dir()),
		holmes.WithLogger(holmes.NewFileLog(service.LogFile(), logInfo)),
		holmes.WithCPUCore(0.5),
		holmes.WithCPUDump(10, 25, 80, time.Minute),
		holmes.WithCPUSamplingTime("2s"),
		holmes.WithProfileReporter(service.Printer{}),
	)
	if err != nil {
		log.Fatal(err)
	}
	h.EnableCPUDump().Start() //nolint:errcheck // mosn/holmes returns none: its users write this
	service.Serve(h, map[string]http.HandlerFunc{"/loop": loop})
}

func loop(_ http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil { // without a pause
	}
}
