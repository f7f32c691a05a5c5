package diagnose_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/diagnose"
)

func TestMemory(t *testing.T) {
	calm := func() builder {
		return heap().objects("main.cache:2", 60_000, 1<<10).objects("bufio.NewReaderSize < net/http.(*conn).serve", 300, 4<<10)
	}
	for _, tt := range []struct {
		name          string
		before, after builder
		confident     bool
		want          string
	}{
		{
			"one huge object is no sample", calm(), calm().objects("io.ReadAll < main.load:9", 1, 256<<20),
			true, "main.load (main.load.go:9) allocated 100 % of the extra heap",
		},
		{
			"a buffer that happens to be there", calm(), calm().objects("main.render:4", 1, 3<<20),
			false, "no clear culprit: most of the extra heap is allocated by main.render (main.render.go:4, 100 %)",
		},
		{
			"a slow leak", calm(), calm().objects("main.note:9", 150_000, 128),
			true, "main.note (main.note.go:9) allocated 100 % of the extra heap",
		},
		{
			"a third more of everything", calm(), heap().objects("main.cache:2", 80_000, 1<<10).objects("bufio.NewReaderSize < net/http.(*conn).serve", 400, 4<<10),
			false, "no clear culprit: most of the extra heap is allocated by main.cache (main.cache.go:2, 98 %), net/http.(*conn).serve (net_http.(*conn).serve.go:0, 2 %)",
		},
		{
			"kept here and there", calm(), calm().objects("main.render:4", 55_000, 1<<10).objects("main.serve:8", 45_000, 1<<10),
			false, "no clear culprit: most of the extra heap is allocated by main.render (main.render.go:4, 55 %), main.serve (main.serve.go:8, 45 %)",
		},
		{
			"in a third party's map", calm(), calm().objects("github.com/x/lru/v2.(*Cache).Add < main.keep:30", 50_000, 1<<10),
			true, "in github.com/x/lru/v2, called from main.keep (main.keep.go:30): 100 % of the extra heap",
		},
		{
			"a library's own", calm(), calm().objects("github.com/x/lru.(*Cache).janitor", 50_000, 1<<10),
			false, "no clear culprit: most of the extra heap is allocated by github.com/x/lru.(*Cache).janitor (github.com_x_lru.(*Cache).janitor.go:0, 100 %)",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := diagnose.Case{Signal: "gcheap", Baseline: &diagnose.Baseline{}}
			c.Baseline.Heap, c.Event.Heap = tt.before.parsed(), tt.after.parsed()
			v := diagnose.Diagnose(c, diagnose.Options{})
			requireVerdict(t, tt.confident, tt.want, v)
			require.Equal(t, "with a heap profile of calm times", v.Compared)
			if tt.confident {
				require.Equal(t, []string{"a heap profile shows the function that allocated the memory, not what keeps it in use"}, v.Caveats)
			}
		})
	}
}

// No heap profile shows the stacks of goroutines.
func TestMemoryOfGoroutines(t *testing.T) {
	c := diagnose.Case{Signal: "mem", Baseline: &diagnose.Baseline{}}
	c.Baseline.Heap = heap().objects("main.cache", 60_000, 1<<10).parsed()
	c.Event.Heap = c.Baseline.Heap
	c.Baseline.Goroutine = calmService().parsed()
	c.Event.Goroutine = calmService().add(onSend+"main.hand:12", 200).parsed()
	require.Equal(t, "no clear culprit: nothing in the heap profile grew above normal", diagnose.Diagnose(c, diagnose.Options{}).Sentence)
	c.Event.Goroutine = calmService().add(onSend+"main.hand:12", 20_000).parsed()
	v := diagnose.Diagnose(c, diagnose.Options{})
	require.Equal(t, "main.hand (main.hand.go:12) holds 100 % of the extra goroutines, in chan send", v.Sentence)
	require.Equal(t, "with a heap and a goroutine profile of calm times", v.Compared)
}

// allocating is a heap profile of a process whose functions have allocated so many
// objects of 1 KiB so far, and keep none.
func allocating(steady, storm int64) builder {
	return heap().add("main.steady:3", steady, steady<<10, 0, 0).add("main.storm:8", storm, storm<<10, 0, 0)
}

func TestGarbage(t *testing.T) {
	const gc = "runtime.scanobject < runtime.gcBgMarkWorker"
	// 100 MB/s all the time, and 500 MB/s in ten seconds of the event.
	c := diagnose.Case{SinceBaseline: 20 * time.Second, Baseline: &diagnose.Baseline{HeapSpan: 10 * time.Second}}
	c.Baseline.EarlierHeap, c.Baseline.Heap = allocating(5e6, 1e4).parsed(), allocating(6e6, 1e4).parsed()
	c.Event.Heap = allocating(8e6, 5e6).parsed()
	c.Baseline.CPU = cpu(time.Second).ticks("main.steady:4", 60).ticks(gc, 10).parsed()
	c.Event.CPU = cpu(10*time.Second).ticks("main.steady:4", 610).ticks("runtime.gcAssistAlloc < runtime.mallocgc < main.steady:4", 90).
		ticks("main.storm:9", 100).ticks("runtime.gcAssistAlloc < runtime.mallocgc < main.storm:9", 110).ticks(gc, 500).parsed()

	c.Signal = "cpu"
	v := diagnose.Diagnose(c, diagnose.Options{})
	requireVerdict(t, true, "main.storm (main.storm.go:9) took 99 % of the extra CPU", v)
	require.Equal(t, []string{"86 % of that is garbage collection, attributed by the growth of allocations"}, v.Caveats)
	require.Equal(t, "with a CPU and a heap profile of calm times", v.Compared)

	c.Signal = "gccpu"
	v = diagnose.Diagnose(c, diagnose.Options{})
	require.Equal(t, "main.storm (main.storm.go:8) made 100 % of the extra allocations", v.Sentence)
	require.Equal(t, "alloc", v.Culprits[0].Evidence)

	t.Run("without a rate of calm times", func(t *testing.T) {
		c := c
		calm := *c.Baseline
		c.Baseline, calm.EarlierHeap = &calm, nil
		c.Signal = "cpu"
		require.False(t, diagnose.Diagnose(c, diagnose.Options{}).Confident)
	})
	t.Run("of another process", func(t *testing.T) {
		c := c
		c.Event.Heap = allocating(2e6, 5e6).parsed()
		require.NotEqual(t, "alloc", diagnose.Diagnose(c, diagnose.Options{}).Culprits[0].Evidence)
	})
	t.Run("by everybody", func(t *testing.T) {
		c := c
		c.Event.Heap = allocating(16e6, 5e4).parsed()
		v := diagnose.Diagnose(c, diagnose.Options{})
		require.False(t, v.Confident, v.Sentence)
	})
}
