// Package service has the common part of the programs: they serve HTTP on an
// address that they print, and print each profile that holmes reports.
package service

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/go-holmes/holmes"
)

// Dir is the dump path, which the program is started with.
func Dir() string {
	if len(os.Args) < 2 {
		log.Fatal("the first argument must be the dump path")
	}
	return os.Args[1]
}

// LogFile is the log of holmes, beside the dump path.
func LogFile() string { return filepath.Clean(Dir()) + ".log" }

// Printer is a reporter of mosn/holmes's interface that prints one line a profile.
type Printer struct{}

// Report implements the reporter of mosn/holmes.
func (Printer) Report(pType, filename string, reason holmes.ReasonType, eventID string, _ time.Time, pprofBytes []byte, scene holmes.Scene) error {
	fmt.Printf("profile %s %s %d bytes, %s: %d, mean %d, %s\n", pType, eventID, len(pprofBytes), reason, scene.CurVal, scene.Avg, filename)
	return nil
}

// Serve serves until the end of the input. It prints "address" first, and "warm"
// when holmes has enough readings to judge.
func Serve(h *holmes.Holmes, handlers map[string]http.HandlerFunc) {
	if err := serve(h, handlers); err != nil {
		log.Fatal(err)
	}
}

func serve(h *holmes.Holmes, handlers map[string]http.HandlerFunc) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	for path, handler := range handlers {
		mux.HandleFunc(path, handler)
	}
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(listener) }()
	fmt.Println("address", listener.Addr())
	go sayWarm(h)
	_, _ = io.Copy(io.Discard, os.Stdin) // until it ends
	h.Stop()
	err = srv.Close()
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func sayWarm(h *holmes.Holmes) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for h.Stats().Ticks <= 12 {
		<-tick.C
	}
	fmt.Println("warm")
}
