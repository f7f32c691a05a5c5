// Command deadlock takes two locks in two orders; all later requests wait for ever.
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
		holmes.WithGoroutineDump(10, 25, 2000, 10*1000, time.Minute),
		holmes.WithProfileReporter(service.Printer{}),
	)
	if err != nil {
		log.Fatal(err)
	}
	h.EnableGoroutineDump().Start() //nolint:errcheck // mosn/holmes returns none: its users write this
	b := &bank{}
	service.Serve(h, map[string]http.HandlerFunc{"/deadlock": b.deadlock, "/request": b.request})
}

type bank struct {
	first, second sync.Mutex
	once          sync.Once
	arrived       sync.WaitGroup
	count         int // of requests that got both
}

// deadlock takes the locks in both orders. Each goroutine has its first lock before
// one of them asks for its second.
func (b *bank) deadlock(http.ResponseWriter, *http.Request) {
	b.once.Do(func() {
		b.arrived.Add(2)
		go b.transfer(&b.first, &b.second)
		go b.transfer(&b.second, &b.first)
		b.arrived.Wait()
	})
}

func (b *bank) transfer(from, to *sync.Mutex) {
	from.Lock()
	defer from.Unlock()
	b.arrived.Done()
	b.arrived.Wait()
	b.passed(to)
}

// passed takes a lock and counts that.
func (b *bank) passed(l *sync.Mutex) {
	l.Lock()
	defer l.Unlock()
	b.count++
}

func (b *bank) request(http.ResponseWriter, *http.Request) {
	b.passed(&b.first)
}
