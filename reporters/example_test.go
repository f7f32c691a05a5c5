package reporters_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters"
)

func ExampleNewHTTP() {
	central := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("the receiver is shown", r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusCreated)
	}))
	defer central.Close()

	r, err := reporters.NewHTTP(central.URL+"/api/1/events", reporters.WithToken("s3cr3t"))
	if err != nil {
		fmt.Println(err)
		return
	}
	report(holmes.WithReporter(r))
	// Output: the receiver is shown Bearer s3cr3t
}

func ExampleNewFile() {
	dir, err := os.MkdirTemp("", "holmes")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()

	r, err := reporters.NewFile(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	e := report(holmes.WithReporter(r))
	_, err = os.Stat(dir + "/" + e.ID + "/goroutine.pb.gz")
	fmt.Println("delivered:", err == nil)
	// Output: delivered: true
}

// report has holmes take an event by hand, and ends it when that is delivered.
func report(to holmes.Option) *holmes.Event {
	dir, err := os.MkdirTemp("", "holmes")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	h, err := holmes.New(to, holmes.WithDumpPath(dir), holmes.WithLogger(nil))
	if err != nil {
		panic(err)
	}
	if err := h.Start(); err != nil {
		panic(err)
	}
	defer h.Stop()
	e, err := h.CaptureNow(context.Background(), holmes.KindGoroutine)
	if err != nil {
		panic(err)
	}
	return e
}
