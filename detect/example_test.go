package detect_test

import (
	"fmt"
	"time"

	"github.com/go-holmes/holmes/detect"
)

// A queue of another process is judged as holmes judges its own signals: it must
// stay above its mean for ten seconds.
func ExampleDetector() {
	rule := detect.Threshold{Min: 100, Diff: 50, Margin: 20, Window: time.Minute, Hold: 10 * time.Second, CoolDown: time.Minute}
	d, err := detect.New(detect.Config{Rule: rule, Interval: time.Second, Budget: 10})
	if err != nil {
		fmt.Println(err)
		return
	}

	length := func(second int) float64 {
		if second >= 30 {
			return 250
		}
		return 120
	}
	for second := 1; second <= 60; second++ {
		now := time.Duration(second) * time.Second
		s := detect.Sample{Signal: "queue", Value: length(second)}
		switch d.Step(now, s, "") {
		case detect.Suspected:
			fmt.Println("suspected after", now)
		case detect.Confirmed:
			fmt.Printf("confirmed after %v: %s, mean %.0f\n", now, d.Reason().Code, d.Reason().Mean)
		}
	}
	fmt.Println(d.View().WhyNot(detect.Sample{Signal: "queue", Value: 250}, 61*time.Second, ""))
	// Output:
	// suspected after 30s
	// confirmed after 40s: diff, mean 120
	// queue 250, mean 186: fires from 279
}
