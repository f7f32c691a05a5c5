package holmes_test

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"runtime/metrics"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters"
)

// One call to New and one to Start, and from then on an anomaly leaves its
// evidence on disk and at a receiver.
func Example() {
	reporter, err := reporters.NewHTTP("https://evidence.example.com/events", reporters.WithToken(os.Getenv("TOKEN")))
	if err != nil {
		log.Fatal(err)
	}
	h, err := holmes.New(holmes.WithDumpPath("/var/lib/shop/holmes"), holmes.WithReporter(reporter))
	if err != nil {
		log.Print(err) // and go on: h does nothing then, and never panics
	}
	if err := h.Start(); err != nil {
		log.Print(err)
	}
	defer h.Stop()

	log.Print(http.ListenAndServe("localhost:8080", nil)) // your service
}

// A bad option gives an error that names it and the value, and a Holmes that
// does nothing.
func ExampleNew() {
	h, err := holmes.New(holmes.WithCollectInterval("soon"), holmes.WithCPUCore(-1))
	fmt.Println(err)
	fmt.Println(h.WhyNot(holmes.SignalCPU) != "")
	// Output:
	// holmes: WithCollectInterval: "soon" is no duration such as "5s" or "100ms"
	// holmes: WithCPUCore: cores -1: must be a number from 0 on
	// true
}

// A rule can be asked without a Holmes: it is a pure function.
func ExampleThreshold() {
	rule := holmes.Threshold{Min: 10, Diff: 25, Abs: 70, Margin: 10, Window: 2 * time.Minute}
	why, fires := rule.Eval(holmes.NewRing(120, 40, 42, 41, 40, 41, 42, 41, 40, 42, 41), holmes.Sample{
		Signal: holmes.SignalCPU, Value: 61, Limit: 2,
	})
	fmt.Println(why.Code, fires)
	// Output: diff true
}

// queue is a signal of the user's own: the scheduler's run queue.
type queue struct{ sample []metrics.Sample }

func (queue) Signal() holmes.Signal { return "runqueue" }

func (q queue) Read(time.Time) (holmes.Sample, error) {
	metrics.Read(q.sample)
	return holmes.Sample{Value: float64(q.sample[0].Value.Uint64())}, nil
}

func ExampleWithSource() {
	runnable := queue{[]metrics.Sample{{Name: "/sched/goroutines/runnable:goroutines"}}}
	rule := holmes.Threshold{Min: 50, Abs: 1000, Diff: 100, Hold: 5 * time.Second, CoolDown: time.Minute}
	_, err := holmes.New(holmes.WithSource(runnable, rule, holmes.KindGoroutine, holmes.KindCPU))
	fmt.Println(err)
	// Output: <nil>
}

// A default rule is changed in part.
func ExampleDefaultRule() {
	rule, _ := holmes.DefaultRule(holmes.SignalCPU)
	rule.Hold = 30 * time.Second
	_, err := holmes.New(holmes.WithRule(holmes.SignalCPU, rule))
	fmt.Println(rule.Abs, rule.Window, err)
	// Output: 70 10m0s <nil>
}
