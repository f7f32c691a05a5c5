// Command gcheap keeps small objects in a map, so that the live heap grows.
package main

import (
	"log"
	"net/http"
	"strconv"
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
		holmes.WithGCHeapDump(10, 20, 40, time.Minute),
		holmes.WithProfileReporter(service.Printer{}),
	)
	if err != nil {
		log.Fatal(err)
	}
	h.EnableGCHeapDump().Start() //nolint:errcheck // mosn/holmes returns none: its users write this
	service.Serve(h, map[string]http.HandlerFunc{"/grow": (&cache{words: map[string]string{}}).grow})
}

type cache struct {
	mu    sync.Mutex
	words map[string]string
}

func (c *cache) grow(http.ResponseWriter, *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range 20_000 {
		n := strconv.Itoa(len(c.words))
		c.words[n] = n + " in words"
	}
}
