package diagnose_test

import (
	"fmt"
	"time"

	"github.com/go-holmes/holmes/diagnose"
)

func ExampleJudge() {
	// A second while all was well, and the ten seconds of an event.
	calm := cpu(time.Second).ticks("main.render:12", 20).ticks("main.search:40", 20)
	event := cpu(10*time.Second).ticks("main.render:12", 210).ticks("main.search:40", 190).
		ticks("sort.Slice < main.applyCoupons:41 < net/http.(*conn).serve", 800)

	fmt.Println(diagnose.Judge("cpu", calm.parsed(), event.parsed(), diagnose.Options{}).Sentence)
	fmt.Println(diagnose.Judge("cpu", nil, event.parsed(), diagnose.Options{}).Sentence)
	// Output:
	// main.applyCoupons (main.applyCoupons.go:41) took 100 % of the extra CPU
	// no clear culprit, nothing to compare with: largest are main.applyCoupons (main.applyCoupons.go:41, 67 %), main.render (main.render.go:12, 18 %), main.search (main.search.go:40, 16 %)
}
