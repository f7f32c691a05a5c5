package diagnose_test

import (
	"testing"
	"time"

	"github.com/go-holmes/holmes/diagnose"
)

// FuzzJudge: no pair of profiles, however damaged on the way, makes Judge
// panic or answer with a number that JSON cannot hold.
func FuzzJudge(f *testing.F) {
	holes := cpu(time.Second).ticks("main.a < main.b < main.main", 70).ticks("main.b", 900)
	holes.Location, holes.Function = holes.Location[1:], holes.Function[:2]
	calm := cpu(time.Second).ticks("main.a < main.main", 7).encoded()
	f.Add("cpu", calm, cpu(9*time.Second).ticks("main.a < main.main", 70).ticks("main.b", 900).encoded())
	f.Add("cpu", calm, holes.encoded())
	f.Add("cpu", calm, []byte{})
	f.Add("heap", []byte{}, heap().objects("main.a", 3, 1<<20).encoded())
	f.Add("heap", heap().objects("main.a", 1, -1).encoded(), heap().objects("main.a", 1<<40, 1<<40).encoded())
	f.Add("goroutine", calm, goroutines().add("", 1).encoded())
	f.Fuzz(func(t *testing.T, kind string, before, after []byte) {
		if len(before)+len(after) > 1<<16 {
			t.Skip("size is tested elsewhere")
		}
		calm, _ := diagnose.Parse(before) // nil after an error
		event, _ := diagnose.Parse(after)
		checkVerdict(t, diagnose.Judge(kind, calm, event, diagnose.Options{Module: kind}))
	})
}
