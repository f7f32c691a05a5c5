package reporters_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

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
func report(with ...holmes.Option) *holmes.Event {
	dir, err := os.MkdirTemp("", "holmes")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	h, err := holmes.New(append(with, holmes.WithDumpPath(dir), holmes.WithLogger(nil))...)
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

func ExampleNewWebhook() {
	chat := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		message, _ := io.ReadAll(r.Body)
		fmt.Println(string(message))
	}))
	defer chat.Close()

	r, err := reporters.NewWebhook(chat.URL,
		reporters.JSON(`{"text": {{json .Trigger}}, "severity": {{json .Severity}}, "service": {{json .Labels.service}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	report(holmes.WithReporter(r), holmes.WithLabels(map[string]string{"service": "shop"}))
	// Output: {"text": "captured on demand", "severity": "info", "service": "shop"}
}

func ExampleNewPyroscope() {
	pyroscope := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		service, _, _ := strings.Cut(r.URL.Query().Get("name"), "{")
		fmt.Println(r.URL.Path, "gets", service, "for", r.Header.Get("X-Scope-OrgID"))
	}))
	defer pyroscope.Close()

	r, err := reporters.NewPyroscope(pyroscope.URL, reporters.WithTenant("team-a"))
	if err != nil {
		fmt.Println(err)
		return
	}
	report(holmes.WithReporter(r), holmes.WithLabels(map[string]string{"service": "shop"}))
	// Output: /ingest gets shop for team-a
}

func ExampleOnly() {
	chat := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		fmt.Println("the on-call engineer is paged")
	}))
	defer chat.Close()

	r, err := reporters.NewWebhook(chat.URL, reporters.Slack())
	if err != nil {
		fmt.Println(err)
		return
	}
	critical := reporters.Only(r, reporters.AtLeast(reporters.SeverityCritical))
	e := report(holmes.WithReporter(critical))
	fmt.Println("an event of severity", reporters.SeverityOf(e))
	// Output: an event of severity info
}
