// Command compat is programs of the kind that mosn/holmes shows its users, written
// anew against the names that holmes keeps for them: leaking slices, a blocked
// channel, a CPU explosion, a deadlock, a dead loop, a slow leak of goroutines,
// leaking threads and a growing heap. Its test runs each of them for real.
//
// A program serves HTTP on an address that it prints, and prints each profile that
// holmes reports.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/program"
)

const logInfo uint8 = 3 // as in the log package of mosn

// A service is a holmes that is made as users of mosn/holmes do, and the requests with
// a fault.
type service struct {
	watch    func() *holmes.Holmes
	handlers map[string]http.HandlerFunc
}

func services() map[string]service {
	b, l, c := &bank{}, &leak{}, &cache{words: map[string]string{}}
	return map[string]service{
		"chanblock":  {goroutines, map[string]http.HandlerFunc{"/block": block}},
		"cpuexplode": {cpu, map[string]http.HandlerFunc{"/explode": explode}},
		"deadlock":   {goroutines, map[string]http.HandlerFunc{"/deadlock": b.deadlock, "/request": b.request}},
		"deadloop":   {cpu, map[string]http.HandlerFunc{"/loop": loop}},
		"gcheap":     {gcHeap, map[string]http.HandlerFunc{"/grow": c.grow}},
		"leakslices": {memory, map[string]http.HandlerFunc{"/slice": l.slice}},
		"slowleak":   {fewGoroutines, map[string]http.HandlerFunc{"/leak": leakGoroutines}},
		"threads":    {threads, map[string]http.HandlerFunc{"/threads": keepThreads}},
	}
}

func main() {
	if len(os.Args) < 3 {
		log.Fatal("the arguments must be a program and the dump path")
	}
	p, ok := services()[os.Args[1]]
	if !ok {
		log.Fatalf("there is no program %q", os.Args[1])
	}
	if err := serve(p.watch(), p.handlers); err != nil {
		log.Fatal(err)
	}
}

// dumpPath is the dump path, which the program is started with.
func dumpPath() string { return os.Args[2] }

// logFile is the log of holmes, beside the dump path.
func logFile() string { return filepath.Clean(dumpPath()) + ".log" }

// printer is a reporter of mosn/holmes's interface that prints one line a profile.
type printer struct{}

// Report implements the reporter of mosn/holmes.
func (printer) Report(pType, filename string, reason holmes.ReasonType, eventID string, _ time.Time, pprofBytes []byte, scene holmes.Scene) error {
	fmt.Printf("profile %s %s %d bytes, %s: %d, mean %d, %s\n", pType, eventID, len(pprofBytes), reason, scene.CurVal, scene.Avg, filename)
	return nil
}

// serve serves until the end of the input. It prints "address" first, and "warm"
// when holmes has enough readings to judge.
func serve(h *holmes.Holmes, handlers map[string]http.HandlerFunc) error {
	h.Start() //nolint:errcheck // mosn/holmes returns none: its users write this
	defer h.Stop()
	mux := http.NewServeMux()
	for path, handler := range handlers {
		mux.HandleFunc(path, handler)
	}
	return program.Serve(mux, os.Stdin, func(address net.Addr) {
		fmt.Println("address", address)
		go sayWarm(h)
	})
}

func sayWarm(h *holmes.Holmes) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for h.Stats().Ticks <= 12 {
		<-tick.C
	}
	fmt.Println("warm")
}
