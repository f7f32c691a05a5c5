package diagnose_test

import (
	"testing"
	"time"

	"github.com/go-holmes/holmes/diagnose"
)

// FuzzJudge checks that no pair of profiles, damaged or not, makes Judge panic or
// return a number that JSON cannot hold.
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

// FuzzDiagnose checks the same of Diagnose, with any profiles for any kinds.
func FuzzDiagnose(f *testing.F) {
	calm := calmService().encoded()
	waiters := calmService().add(onMutex+"main.(*store).get:20 < main.show"+request, 300).add(asleep+"main.(*store).sweep:44", 1).
		add(onSelect+"main.acquire < main.show"+request, 99).add(reading, 700).add(onCall+"main.save", 90).encoded()
	waits := build("contentions/count", "delay/nanoseconds").add("sync.(*Mutex).Unlock < main.(*store).sweep", 4, 1<<40).encoded()
	burn := cpu(time.Second).ticks("main.a < main.main", 7).ticks("x < runtime.gcBgMarkWorker", 70).encoded()
	first, then, last := allocating(1e6, 1).encoded(), allocating(2e6, 1).encoded(), allocating(3e6, 5e6).encoded()
	for i := range uint8(9) {
		f.Add(i, int64(10e9), calm, first, waiters, burn, then, waits)
		f.Add(i, int64(-1), burn, then, calm, burn, last, waiters)
		f.Add(i, int64(1<<62), []byte{}, first, waits, first, last, burn)
	}
	signals := []string{"cpu", "mem", "gcheap", "goroutine", "thread", "gccpu", "schedlat", "mutexwait", "own"}
	f.Fuzz(func(t *testing.T, signal uint8, span int64, calm, early, event, cpu, heap, mutex []byte) {
		if len(calm)+len(early)+len(event)+len(cpu)+len(heap)+len(mutex) > 1<<16 {
			t.Skip("size is tested elsewhere")
		}
		read := func(raw []byte) *diagnose.Profile {
			p, _ := diagnose.Parse(raw) // nil after an error
			return p
		}
		c := diagnose.Case{
			Signal: signals[int(signal)%len(signals)], SinceBaseline: time.Duration(span),
			Event:      diagnose.Snapshot{CPU: read(cpu), Heap: read(heap), Goroutine: read(event), Mutex: read(mutex)},
			Goroutines: []*diagnose.Profile{read(calm), nil, read(event)},
			Baseline: &diagnose.Baseline{
				Snapshot:    diagnose.Snapshot{CPU: read(calm), Heap: read(early), Goroutine: read(calm), Mutex: read(early)},
				EarlierHeap: read(calm), HeapSpan: time.Duration(span), EarlierGoroutine: read(heap),
			},
		}
		checkVerdict(t, diagnose.Diagnose(c, diagnose.Options{Module: "shop", Modules: []string{"", "shop/x"}}))
	})
}
