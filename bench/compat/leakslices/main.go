// Command leakslices keeps a large slice with every request.
package main

import (
	"log"
	"net/http"
	"sync"
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
		holmes.WithMemoryLimit(512<<20),
		holmes.WithMemDump(3, 25, 80, time.Minute),
		holmes.WithProfileReporter(service.Printer{}),
	)
	if err != nil {
		log.Fatal(err)
	}
	h.EnableMemDump().Start() //nolint:errcheck // mosn/holmes returns none: its users write this
	service.Serve(h, map[string]http.HandlerFunc{"/slice": (&leak{}).slice})
}

type leak struct {
	mu   sync.Mutex
	kept [][]byte
}

func (l *leak) slice(http.ResponseWriter, *http.Request) {
	b := make([]byte, 8<<20)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1 // so that the memory is there
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, b)
}
