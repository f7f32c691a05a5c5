package holmes_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// Every option given nonsense is refused by New and by Set, with the option's
// name and the value in the error.
func TestBadInput(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	rule := func(change func(*holmes.Threshold)) holmes.Option {
		r := holmes.Threshold{Min: 1, Abs: 2}
		change(&r)
		return holmes.WithRule(holmes.SignalCPU, r)
	}
	good := holmes.Threshold{Abs: 1}
	for name, c := range map[string]struct {
		opt  holmes.Option
		want []string
	}{
		"interval zero":            {holmes.WithCollectInterval("0s"), []string{"WithCollectInterval", `"0s"`}},
		"interval negative":        {holmes.WithCollectInterval("-1s"), []string{"WithCollectInterval", `"-1s"`}},
		"interval too short":       {holmes.WithCollectInterval("1us"), []string{"WithCollectInterval", `"1us"`, "10ms"}},
		"interval unparsable":      {holmes.WithCollectInterval("soon"), []string{"WithCollectInterval", `"soon"`}},
		"interval empty":           {holmes.WithCollectInterval(""), []string{"WithCollectInterval", `""`}},
		"sampling zero":            {holmes.WithCPUSamplingTime("0s"), []string{"WithCPUSamplingTime", `"0s"`}},
		"sampling too long":        {holmes.WithCPUSamplingTime("1h"), []string{"WithCPUSamplingTime", `"1h"`}},
		"sampling unparsable":      {holmes.WithCPUSamplingTime("five"), []string{"WithCPUSamplingTime", `"five"`}},
		"cpu min negative":         {holmes.WithCPUDump(-1, 25, 70, time.Minute), []string{"WithCPUDump", "Min -1"}},
		"cpu diff negative":        {holmes.WithCPUDump(10, -25, 70, time.Minute), []string{"WithCPUDump", "Diff -25"}},
		"cpu abs negative":         {holmes.WithCPUDump(10, 25, -70, time.Minute), []string{"WithCPUDump", "Abs -70"}},
		"cpu cool-down negative":   {holmes.WithCPUDump(10, 25, 70, -time.Minute), []string{"WithCPUDump", "CoolDown -1m0s"}},
		"mem negative":             {holmes.WithMemDump(-1, 25, 80, time.Minute), []string{"WithMemDump", "Min -1"}},
		"gcheap negative":          {holmes.WithGCHeapDump(10, 20, -4, time.Minute), []string{"WithGCHeapDump", "Abs -4"}},
		"thread negative":          {holmes.WithThreadDump(10, -2, 70, time.Minute), []string{"WithThreadDump", "Diff -2"}},
		"goroutine max negative":   {holmes.WithGoroutineDump(10, 20, 30, -5, time.Minute), []string{"WithGoroutineDump", "Max -5"}},
		"gccpu negative":           {holmes.WithGCCPUDump(-1, 25, 40, time.Minute), []string{"WithGCCPUDump", "Min -1"}},
		"schedlat negative":        {holmes.WithSchedLatDump(10, -1, 50, time.Minute), []string{"WithSchedLatDump", "Diff -1"}},
		"mutexwait negative":       {holmes.WithMutexWaitDump(1, 100, -1, time.Minute), []string{"WithMutexWaitDump", "Abs -1"}},
		"block negative":           {holmes.WithBlockProfile(-time.Second), []string{"WithBlockProfile", "each -1s"}},
		"block without its rate":   {holmes.WithSource(steady("queue"), good, holmes.KindBlock), []string{"queue", `"block"`, "WithBlockProfile"}},
		"stacks negative":          {holmes.WithWallClockStacks(holmes.SignalGoroutine, -1), []string{"WithWallClockStacks", "cpuBelow -1"}},
		"stacks of unknown signal": {holmes.WithWallClockStacks("queue", 50), []string{"WithWallClockStacks", `"queue"`}},
		"stacks without profiles":  {holmes.WithWallClockStacks(holmes.SignalMem, 50), []string{"WithWallClockStacks", "mem", "goroutine profiles"}},
		"cpu max negative":         {holmes.WithCPUMax(-3), []string{"WithCPUMax", "-3"}},
		"cores negative":           {holmes.WithCPUCore(-2), []string{"WithCPUCore", "-2"}},
		"cores NaN":                {holmes.WithCPUCore(nan), []string{"WithCPUCore", "NaN"}},
		"cores infinite":           {holmes.WithCPUCore(inf), []string{"WithCPUCore", "+Inf"}},
		"module empty":             {holmes.WithModule("github.com/acme/shop", ""), []string{"WithModule", "a path is empty"}},
		"path empty":               {holmes.WithDumpPath(""), []string{"WithDumpPath", `""`}},
		"limits zero events":       {holmes.WithDumpLimits(0, 1), []string{"WithDumpLimits", "events 0"}},
		"limits negative bytes":    {holmes.WithDumpLimits(1, -1), []string{"WithDumpLimits", "bytes -1"}},
		"shrink zero":              {holmes.WithShrinkThread(0, time.Second), []string{"WithShrinkThread", "threshold 0"}},
		"shrink negative delay":    {holmes.WithShrinkThread(10, -time.Second), []string{"WithShrinkThread", "delay -1s"}},
		"budget zero":              {holmes.WithDailyBudget(0), []string{"WithDailyBudget", "0"}},
		"cores too few":            {holmes.WithCPUCore(1e-300), []string{"WithCPUCore", "must be at least 0.001"}},
		"grace negative":           {holmes.WithGrace(-time.Second), []string{"WithGrace", "most -1s"}},
		"rule NaN":                 {rule(func(r *holmes.Threshold) { r.Diff = nan }), []string{"WithRule", "cpu", "Diff NaN"}},
		"rule infinite":            {rule(func(r *holmes.Threshold) { r.Abs = inf }), []string{"WithRule", "Abs +Inf"}},
		"rule negative margin":     {rule(func(r *holmes.Threshold) { r.Margin = -1 }), []string{"WithRule", "Margin -1"}},
		"rule negative window":     {rule(func(r *holmes.Threshold) { r.Window = -1 }), []string{"WithRule", "Window"}},
		"rule negative hold":       {rule(func(r *holmes.Threshold) { r.Hold = -time.Second }), []string{"WithRule", "Hold -1s"}},
		"rule with a huge window":  {rule(func(r *holmes.Threshold) { r.Window = 24 * 365 * time.Hour }), []string{"rule of cpu", "8760h"}},
		"rule nil":                 {holmes.WithRule(holmes.SignalCPU, nil), []string{"WithRule", "rule is nil"}},
		"rule of unknown signal":   {holmes.WithRule("queue", good), []string{"WithRule", `"queue"`}},
		"source nil":               {holmes.WithSource(nil, good), []string{"WithSource", "source is nil"}},
		"source without rule":      {holmes.WithSource(steady("queue"), nil), []string{"WithSource", "queue", "rule is nil"}},
		"source with a bad rule":   {holmes.WithSource(steady("queue"), holmes.Threshold{Abs: -1}), []string{"WithSource", "queue", "Abs -1"}},
		"source with a bad name":   {holmes.WithSource(steady("no good/../name"), good), []string{"WithSource", `"no good/../name"`}},
		"source without a name":    {holmes.WithSource(steady(""), good), []string{"WithSource", `""`}},
		"source with a taken name": {holmes.WithSource(steady("cpu"), good), []string{"WithSource", `"cpu"`, "built-in"}},
		"source of unknown kind":   {holmes.WithSource(steady("queue"), good, "core"), []string{"WithSource", `"core"`}},
		"source that panics":       {holmes.WithSource(panickyName{}, good), []string{"WithSource", "no name"}},
		"continuous too often":     {holmes.WithContinuous(time.Second, time.Millisecond), []string{"WithContinuous", "every 1s", "10s"}},
		"continuous for nothing":   {holmes.WithContinuous(time.Minute, 0), []string{"WithContinuous", "duration 0s"}},
		"continuous too long":      {holmes.WithContinuous(time.Minute, time.Minute), []string{"WithContinuous", "duration 1m0s", "every"}},
		"continuous unknown kind":  {holmes.WithContinuous(time.Minute, time.Second, "core"), []string{"WithContinuous", `"core"`}},
		"continuous block":         {holmes.WithContinuous(time.Minute, time.Second, holmes.KindBlock), []string{"WithContinuous", "WithBlockProfile"}},
		"label without a name":     {holmes.WithLabels(map[string]string{"": "x"}), []string{"WithLabels", `""="x"`}},
		"nil option":               {nil, []string{"option 1 is nil"}},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := holmes.New(c.opt)
			require.NotNil(t, h)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
			require.ErrorContains(t, err, "holmes: ")
			inertDoesNothing(t, h, err)

			h = testkit.Must(holmes.New(holmes.WithLogger(nil)))(t)
			err = h.Set(c.opt)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

type panickyName struct{ steady }

func (panickyName) Signal() holmes.Signal { panic("no name") }

// inertDoesNothing calls every method.
func inertDoesNothing(t *testing.T, h *holmes.Holmes, cause error) {
	t.Helper()
	require.ErrorIs(t, h.Start(), holmes.ErrInert)
	require.ErrorIs(t, h.Set(), holmes.ErrInert)
	if cause != nil {
		require.ErrorContains(t, h.Start(), cause.Error())
	}
	require.ErrorIs(t, testkit.Err(h.CaptureNow(context.Background())), holmes.ErrInert)
	require.NoError(t, h.Shutdown(context.Background()))
	require.NotPanics(t, func() {
		h.Enable(holmes.SignalCPU).Disable("nonsense").EnableCPUDump().EnableMemDump().EnableGCHeapDump().
			EnableGoroutineDump().EnableThreadDump().EnableShrinkThread().DisableCPUDump().DisableMemDump().
			DisableGCHeapDump().DisableGoroutineDump().DisableThreadDump().DisableShrinkThread()
		h.EnableProfileReporter()
		h.DisableProfileReporter()
		h.ReportProfile("cpu", "f", holmes.ReasonDiff, "id", time.Time{}, nil, holmes.Scene{})
		_ = h.EnableDump(10)
		require.Error(t, h.Stats().Err)
		require.Contains(t, h.WhyNot(holmes.SignalCPU), "inert")
		h.Stop()
	})
}

func TestZeroValueIsInert(t *testing.T) {
	inertDoesNothing(t, &holmes.Holmes{}, nil)
	inertDoesNothing(t, nil, nil)
}

// Legal, if odd.
func TestLegalInput(t *testing.T) {
	h, err := holmes.New(
		holmes.WithReporter(nil), holmes.WithProfileReporter(nil), holmes.WithLogger(nil), holmes.WithLabelFunc(nil),
		holmes.WithCPUDump(20, 100, 150, time.Minute), holmes.WithMemDump(50, 100, 800, time.Minute),
		holmes.WithCPUCore(0.5), holmes.WithMemoryLimit(0), holmes.WithCPUMax(0), holmes.WithDumpPath(t.TempDir()),
		holmes.WithLabels(nil), holmes.WithCGroup(false), holmes.WithGoProcAsCPUCore(true))
	require.NoError(t, err)
	require.NoError(t, h.Start())
	require.NoError(t, h.Start(), "again does nothing")
	h.Disable("nonsense")
	require.Contains(t, h.WhyNot("nonsense"), "no signal is named")
	h.Stop()
	h.Stop()
	require.ErrorIs(t, testkit.Err(h.CaptureNow(t.Context())), holmes.ErrNotRunning)
	require.Contains(t, h.WhyNot(holmes.SignalCPU), "not running")
}
