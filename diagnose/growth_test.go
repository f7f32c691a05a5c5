package diagnose_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/diagnose"
)

func names(cs []diagnose.Culprit) []string {
	out := []string{}
	for _, c := range cs {
		out = append(out, c.Function)
	}
	return out
}

func TestBlame(t *testing.T) {
	const entry = " < net/http.(*conn).serve"
	for _, tt := range []struct{ name, stack, want, module string }{
		{"own frame at the leaf", "main.work < main.main < runtime.main", "main.work", ""},
		{"standard library is its caller's fault", "runtime.memmove < sort.Slice < main.work" + entry, "main.work", ""},
		{"vendored standard library too", "vendor/golang.org/x/net/http2.(*Framer).Write < net/http.x < main.work", "main.work", ""},
		{"third party is its caller's fault too", "runtime.x < go.uber.org/zap.(*Logger).Info < main.work", "main.work", ""},
		{"third party alone", "runtime.x < go.uber.org/zap.(*Logger).flush < time.goFunc", "go.uber.org/zap.(*Logger).flush", ""},
		{"escaped dots in a path", "gopkg.in/yaml%2ev3.Marshal < sync.x", "gopkg.in/yaml%2ev3.Marshal", ""},
		{"generic with a path in it", "main.sum[example.com/a/b.T[go.shape.int]]", "main.sum[...]", ""},
		{"closure that its function calls", "main.work.func1 < sort.insertionSort < sort.Slice < main.work < main.main", "main.work", ""},
		{"closure that another calls", "main.work.func1 < main.pool.run", "main.work.func1", ""},
		{"closure of a closure", "main.(*T).work.func1.2 < sync.x < main.(*T).work < main.main", "main.(*T).work", ""},
		{"body of a range over a function", "time.Sleep < main.each-range1 < main.seq < main.each", "main.each", ""},
		{"deferred by the compiler", "main.free.deferwrap1 < main.work", "main.free", ""},
		{"method value", "main.T.run-fm < main.work", "main.T.run", ""},
		{"module without a dot", "sort.Slice < shop/cart.Add < main.main", "shop/cart.Add", "shop"},
		{"its test package", "shop_test.BenchmarkAdd < testing.x", "shop_test.BenchmarkAdd", "shop"},
		{"not a module of like name", "shopping/cart.Add < main.main", "main.main", "shop"},
		{"standard library alone: where it started", "runtime.gopark < bufio.x < net/http.(*persistConn).readLoop", "net/http.(*persistConn).readLoop", ""},
		{"assembly without a package", "aeshashbody < main.work", "main.work", ""},
		{"an example of holmes is an application", "github.com/go-holmes/holmes/example/x.Work", "github.com/go-holmes/holmes/example/x.Work", ""},
		{"so is a program of the test bed", "github.com/go-holmes/holmes/bench/scenario/hot.Loop", "github.com/go-holmes/holmes/bench/scenario/hot.Loop", ""},
		{"the collector is blamed on no function", "runtime.scanobject < runtime.gcBgMarkWorker", "", ""},
		{"holmes itself is left out", "runtime/pprof.write < github.com/go-holmes/holmes/internal/x.y < main.main", "", ""},
		{"so are its rules", "main.rule.Eval < github.com/go-holmes/holmes/detect.(*Detector).Step < github.com/go-holmes/holmes/internal/x.y", "main.rule.Eval", ""},
		{"and its events", "encoding/json.Marshal < github.com/go-holmes/holmes/event.(*Event).MarshalJSON < main.main", "", ""},
		{"what holmes calls is not", "main.source.Read < github.com/go-holmes/holmes/internal/monitor.(*signalMonitor).step", "main.source.Read", ""},
		{"nor is the trace that it records", "runtime/trace.readBatch < runtime/trace.(*recorder).Write < runtime/trace.(*traceMultiplexer).startLocked.func1", "", ""},
		{"nor is the profile that it takes", "runtime/pprof.(*profileBuilder).build < runtime/pprof.profileWriter", "", ""},
		{"no symbols", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := diagnose.Growth(nil, goroutines().add(tt.stack, 1).parsed(), diagnose.Options{Module: tt.module})
			want := []string{tt.want}
			if tt.want == "" {
				want = []string{}
			}
			require.Equal(t, want, names(got))
		})
	}
}

func TestGrowthScalesCPUByDuration(t *testing.T) {
	before := cpu(time.Second).ticks("main.steady", 50).ticks("main.guilty", 10).ticks("main.shrank", 30)
	after := cpu(10*time.Second).ticks("main.steady", 500).ticks("main.guilty", 400).ticks("main.shrank", 20)
	got := diagnose.Growth(before.parsed(), after.parsed(), diagnose.Options{})
	require.Equal(t, []string{"main.guilty"}, names(got))
	c := got[0]
	require.InDelta(t, 300*float64(tick), c.Delta, 1)
	require.Equal(t, "nanoseconds", c.Unit)
	require.Equal(t, "cpu", c.Evidence)
	require.InDelta(t, 1, c.Share, 1e-9)
}

func TestGrowthWithoutADurationIsNotScaled(t *testing.T) {
	got := diagnose.Growth(cpu(0).ticks("main.a", 5).parsed(), cpu(time.Second).ticks("main.a", 9).parsed(), diagnose.Options{})
	require.InDelta(t, 4*float64(tick), got[0].Delta, 1)
}

func TestGrowthOfAHeapIsOfBytesInUse(t *testing.T) {
	before := heap().objects("main.cache", 100, 1<<10).add("main.churn", 1, 1<<10, 0, 0)
	after := heap().objects("main.cache", 100, 1<<10).add("main.churn", 9e6, 9<<30, 0, 0).
		objects("bytes.growSlice < main.leak:12", 64, 1<<20).objects("bytes.growSlice < main.leak:30", 8, 1<<20)
	got := diagnose.Growth(before.parsed(), after.parsed(), diagnose.Options{})
	require.Len(t, got, 1)
	require.Positive(t, got[0].Score)
	got[0].Score = 0
	require.Equal(t, diagnose.Culprit{
		Function: "main.leak", File: "main.leak.go", Line: 12,
		Share: 1, Delta: 72 << 20, Unit: "bytes", Evidence: "heap",
	}, got[0])
}

func TestGrowthWithoutABaselineIsTheLargest(t *testing.T) {
	after := goroutines().add("main.b", 20).add("main.a", 20).add("main.c", 50).add("runtime.bgsweep", 10)
	for name, before := range map[string]builder{"none": {}, "another kind": heap().objects("main.c", 9, 9)} {
		t.Run(name, func(t *testing.T) {
			got := diagnose.Growth(before.parsed(), after.parsed(), diagnose.Options{})
			require.Equal(t, []string{"main.c", "main.a", "main.b"}, names(got), "equals by name")
			require.InDelta(t, 0.5, got[0].Share, 1e-9, "stacks without a function count in the total")
			require.Zero(t, got[0].Score)
		})
	}
}

func TestGrowthLeavesTheProfilesAlone(t *testing.T) {
	was := cpu(time.Second).ticks("main.a", 1)
	before, after := was.parsed(), was.ticks("main.a", 2).parsed()
	diagnose.Growth(before, after, diagnose.Options{})
	require.NotEqual(t, before, after)
	require.Equal(t, cpu(time.Second).ticks("main.a", 1).parsed(), before)
	require.Equal(t, was.parsed(), after)
}
