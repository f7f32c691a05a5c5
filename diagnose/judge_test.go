package diagnose_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/diagnose"
)

func TestJudgeSentences(t *testing.T) {
	calm := cpu(time.Second).ticks("main.json:3", 20).ticks("main.sort:5", 20).ticks("main.hash:7", 20)
	for _, tt := range []struct {
		name          string
		kind          string
		before, after builder
		confident     bool
		want          string
	}{
		{
			"one function runs hot", "cpu", calm,
			cpu(10*time.Second).ticks("main.json:3", 210).ticks("main.sort:5", 190).ticks("main.hash:7", 200).ticks("main.quadratic:41", 900),
			true, "main.quadratic (main.quadratic.go:41) took 100 % of the extra CPU",
		},
		{
			"traffic rises, all alike", "cpu", calm,
			cpu(10*time.Second).ticks("main.json:3", 320).ticks("main.sort:5", 280).ticks("main.hash:7", 300),
			false, "no clear culprit: most of the extra CPU is main.json (main.json.go:3, 40 %), main.hash (main.hash.go:7, 33 %), main.sort (main.sort.go:5, 27 %)",
		},
		{
			"too little to tell", "cpu", calm,
			cpu(time.Second).ticks("main.json:3", 31).ticks("main.sort:5", 20).ticks("main.hash:7", 19),
			false, "no clear culprit: most of the extra CPU is main.json (main.json.go:3, 100 %)",
		},
		{
			"clear, but a third party's", "cpu", calm,
			cpu(10*time.Second).ticks("main.json:3", 200).ticks("go.uber.org/zap.Info", 900).ticks("main.hash:7", 200),
			false, "no clear culprit: most of the extra CPU is go.uber.org/zap.Info (go.uber.org_zap.Info.go:0, 100 %)",
		},
		{
			"the collector took most", "cpu", calm,
			cpu(10*time.Second).ticks("main.json:3", 800).ticks("main.sort:5", 200).ticks("runtime.scan < runtime.gcBgMarkWorker", 900),
			false, "no clear culprit: most of the extra CPU is main.json (main.json.go:3, 40 %)",
		},
		{
			"nothing grew", "cpu", calm, cpu(time.Second).ticks("main.json:3", 20),
			false, "no clear culprit: nothing in the cpu profile grew above normal",
		},
		{
			"a leak", "heap", heap().objects("main.cache:2", 60, 1<<20),
			heap().objects("main.cache:2", 60, 1<<20).objects("main.remember:9", 5000, 16<<10),
			true, "main.remember (main.remember.go:9) allocated 100 % of the extra heap",
		},
		{
			"blocked goroutines", "goroutine", goroutines().add("runtime.gopark < main.serve:4", 30).add("main.main", 1),
			goroutines().add("runtime.gopark < main.serve:4", 40).add("runtime.gopark < runtime.chanrecv < main.wait:8", 6000),
			true, "main.wait (main.wait.go:8) holds 100 % of the extra goroutines, in chan receive",
		},
		{
			"nothing to compare with", "cpu",
			builder{},
			cpu(time.Second).ticks("main.a:1", 64).ticks("main.b:2", 12).ticks("main.c:3", 5).ticks("main.d:4", 4).ticks("runtime.x", 15),
			false, "no clear culprit, nothing to compare with: largest are main.a (main.a.go:1, 64 %), main.b (main.b.go:2, 12 %), main.c (main.c.go:3, 5 %)",
		},
		{
			"a heap with nothing to compare with", "heap",
			builder{},
			heap().objects("main.a:1", 4, 512),
			false, "no clear culprit, nothing to compare with: largest is allocated by main.a (main.a.go:1, 100 %)",
		},
		{
			"the rest is not worth naming", "goroutine",
			builder{},
			goroutines().add("main.a:1", 6000).add("main.b:2", 20),
			false, "no clear culprit, nothing to compare with: largest is main.a (main.a.go:1, 100 %)",
		},
		{
			"the holder of a lock", "mutex",
			build("contentions/count", "delay/nanoseconds").add("main.a", 1, 1),
			build("contentions/count", "delay/nanoseconds").add("main.lock:1", 1e6, 1e12).add("main.a", 1, 1),
			true, "main.lock (main.lock.go:1) held the lock for 100 % of the extra lock wait",
		},
		{"no profile", "heap", builder{}, builder{}, false, "no clear culprit: no heap profile to read"},
		{"wrong profile", "heap", heap(), cpu(1), false, "no clear culprit: no heap profile to read"},
		{"empty", "cpu", calm, cpu(1), false, "no clear culprit: the cpu profile has no samples of the application"},
		{
			"samples of holmes alone", "heap",
			builder{},
			heap().objects("github.com/go-holmes/holmes.Start", 64, 1<<20), false,
			"no clear culprit: the heap profile has no samples of the application",
		},
		{"no symbols", "cpu", builder{}, cpu(1).ticks("", 5), false, "no clear culprit: the cpu profile names nothing but the runtime"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := diagnose.Judge(tt.kind, tt.before.parsed(), tt.after.parsed(), diagnose.Options{})
			require.Equal(t, tt.want, v.Sentence)
			require.Equal(t, tt.confident, v.Confident)
			require.LessOrEqual(t, len(v.Culprits), 3)
		})
	}
}

func TestScoreIsGrowthOverNoise(t *testing.T) {
	// 100 samples now, 20 before in the same time, while the others grew from 80 to
	// 100: an excess of 75. The noise is that of the 100, of the 20 and one unseen
	// sample, of the load growth, and jitter.
	sampled := 2 * (math.Sqrt(100) - math.Sqrt(1.25*(20+1))) / math.Sqrt(1+1.25)
	other := 75 / (25 * math.Sqrt(1.0/100+1.0/80+0.15*0.15))
	before := cpu(time.Second).ticks("main.a", 20).ticks("main.b", 80)
	after := cpu(time.Second).ticks("main.a", 100).ticks("main.b", 100)
	got := diagnose.Growth(before.parsed(), after.parsed(), diagnose.Options{})
	require.InDelta(t, 1/math.Hypot(1/sampled, 1/other), got[0].Score, 1e-9)
}

func TestScoreOfAHeapKnowsHowItIsSampled(t *testing.T) {
	grow := func(n, size int64) float64 {
		before := heap().objects("main.rest", 64, 1<<20)
		after := heap().objects("main.rest", 64, 1<<20).objects("main.leak", n, size)
		return diagnose.Growth(before.parsed(), after.parsed(), diagnose.Options{})[0].Score
	}
	require.Less(t, grow(2<<10, 1<<10), 4.0, "2 MiB of small objects is four samples")
	require.Greater(t, grow(64<<10, 1<<10), 4.0, "64 MiB of them is 128")
}

// A calm second of an idle service says little: a function that it lacks may still be
// normal.
func TestJudgeIsNotSureAgainstAnIdleSecond(t *testing.T) {
	before := cpu(time.Second).ticks("main.tick", 2)
	after := cpu(10*time.Second).ticks("main.tick", 20).ticks("main.serve", 600).ticks("main.other", 400)
	require.False(t, diagnose.Judge("cpu", before.parsed(), after.parsed(), diagnose.Options{}).Confident)
}

func TestJudgeOddProfiles(t *testing.T) {
	odd := cpu(time.Second).ticks("main.a", 5).add("main.negative", -1, -1<<62).add("main.short").
		add("main.huge", 1, 1<<62).add("main.huge", 1, 1<<62).add("main.huge", 1, 1<<62).add("", 1, tick)
	missing := &profile.Function{ID: 1000}
	unnamed := &profile.Location{Line: []profile.Line{{}, {Function: missing}}}
	odd.Location = append(odd.Location, unnamed)
	odd.Sample = append(odd.Sample, &profile.Sample{}, &profile.Sample{
		Value: []int64{1, tick}, Location: []*profile.Location{{ID: 1000}, {}, unnamed},
	})
	odd.SampleType = append(odd.SampleType, &profile.ValueType{})
	shapes := []*diagnose.Profile{nil, {}, odd.parsed(), heap().parsed(), build().parsed(), build("").parsed()}
	for _, kind := range []string{"cpu", "heap", "goroutine", "", "custom"} {
		for _, before := range shapes {
			for _, after := range shapes {
				checkVerdict(t, diagnose.Judge(kind, before, after, diagnose.Options{}))
			}
		}
	}
}

// requireVerdict asserts what a verdict says.
func requireVerdict(t *testing.T, confident bool, sentence string, v diagnose.Verdict) {
	t.Helper()
	require.Equal(t, sentence, v.Sentence)
	require.Equal(t, confident, v.Confident)
	checkVerdict(t, v)
}

// checkVerdict asserts what holds for every verdict.
func checkVerdict(t *testing.T, v diagnose.Verdict) {
	t.Helper()
	require.NotEmpty(t, v.Sentence)
	if v.Confident {
		require.NotEmpty(t, v.Culprits)
	}
	for i, c := range v.Culprits {
		require.NotEmpty(t, c.Function)
		require.False(t, math.IsNaN(c.Delta+c.Score+c.Share) || math.IsInf(c.Delta+c.Score+c.Share, 0), "%+v goes into JSON", c)
		require.Positive(t, c.Delta)
		require.LessOrEqual(t, c.Share, 1+1e-9)
		if i > 0 {
			require.NotEqual(t, c.Function, v.Culprits[i-1].Function)
		}
	}
}
