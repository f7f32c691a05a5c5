package holmes_test

import (
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/go-holmes/holmes/reporters"
)

// Each variable does what its option does, and a wrong value is an error of New that
// names the variable and the value.
func TestFromEnv(t *testing.T) {
	rule, _ := holmes.DefaultRule(holmes.SignalCPU)
	rule.Abs, rule.Hold = 85, 30*time.Second
	cases := map[string]struct {
		value string
		is    holmes.Option
		wrong string
	}{
		"HOLMES_ENABLE":            {"gccpu, schedlat", holmes.WithEnabled(holmes.SignalGCCPU, holmes.SignalSchedLat), "cpuu"},
		"HOLMES_DISABLE":           {"thread", holmes.WithDisabled(holmes.SignalThread), "thread,"},
		"HOLMES_COLLECT_INTERVAL":  {"2s", holmes.WithCollectInterval("2s"), "2"},
		"HOLMES_SLOW_RULES":        {"false", holmes.WithSlowRules(false), "no"},
		"HOLMES_DAILY_BUDGET":      {"3", holmes.WithDailyBudget(3), "0"},
		"HOLMES_GRACE":             {"0", holmes.WithGrace(0), "-1m"},
		"HOLMES_CGROUP":            {"false", holmes.WithCGroup(false), "v2"},
		"HOLMES_MEMORY_ONLY":       {"true", holmes.WithMemoryOnly(true), "/data"},
		"HOLMES_MEMORY_WATCH":      {"false", holmes.WithMemoryWatch(false), "no"},
		"HOLMES_CPU_MAX":           {"95", holmes.WithCPUMax(95), "95%"},
		"HOLMES_CPU_CORES":         {"1.5", holmes.WithCPUCore(1.5), "-1"},
		"HOLMES_MEMORY_LIMIT":      {"512Mi", holmes.WithMemoryLimit(512 << 20), "512MB"},
		"HOLMES_CPU_SAMPLING_TIME": {"10s", holmes.WithCPUSamplingTime("10s"), "10m"},
		"HOLMES_BASELINE":          {"0", holmes.WithBaseline(0), "1s"},
		"HOLMES_CONTINUOUS":        {"10m,10s", holmes.WithContinuous(10*time.Minute, 10*time.Second), "10m"},
		"HOLMES_FLIGHT_RECORDER":   {"always", holmes.WithFlightRecorder(holmes.RecorderAlways), "on"},
		"HOLMES_FORCED_GC":         {"false", holmes.WithForcedGC(false), "no"},
		"HOLMES_CAPTURE_BUDGET":    {"1s, 64MiB", holmes.WithCaptureBudget(time.Second, 64<<20), "64MiB,1s"},
		"HOLMES_CRASH_OUTPUT":      {"true", holmes.WithCrashOutput(true), "yes"},
		"HOLMES_LABELS":            {"team=a%2Cb,region=eu", holmes.WithLabels(map[string]string{"team": "a,b", "region": "eu"}), "team"},
		"HOLMES_DUMP_PATH":         {"/data/holmes", holmes.WithDumpPath("/data/holmes"), ""},
		"HOLMES_DUMP_LIMITS":       {"20,1GiB", holmes.WithDumpLimits(20, 1<<30), "20,-1"},
		"HOLMES_DUMP_AGE":          {"168h", holmes.WithDumpAge(168 * time.Hour), "7d"},
		"HOLMES_DUMP_FREE":         {"1048576", holmes.WithDumpFree(1 << 20), "9999999999GiB"},
		"HOLMES_RULE_CPU":          {"abs=85, hold=30s", holmes.WithRule(holmes.SignalCPU, rule), "abs=85,holds=30s"},
		"HOLMES_RULE_MEM":          {"min=10", nil, "abs=high"},
		"HOLMES_RULE_GCHEAP":       {"diff=20", nil, "diff=-1"},
		"HOLMES_RULE_GOROUTINE":    {"max=0", nil, "window=5"},
		"HOLMES_RULE_THREAD":       {"cooldown=1h", nil, "abs"},
		"HOLMES_RULE_GCCPU":        {"margin=10", nil, "cooldown=-1s"},
		"HOLMES_RULE_SCHEDLAT":     {"min=10", nil, "="},
		"HOLMES_RULE_MUTEXWAIT":    {"min=1", nil, ",min=1"},
	}
	known := slices.Collect(maps.Keys(cases))
	require.ElementsMatch(t, holmes.Variables(), append(known, "HOLMES_OFF"))
	unset := testkit.Must(holmes.Settings())(t)
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, unset, testkit.Must(holmes.Settings(holmes.FromEnv()))(t))
			t.Setenv(name, " "+tt.value+"\n")
			want := unset // the default, where there is no option
			if tt.is != nil {
				want = testkit.Must(holmes.Settings(tt.is))(t)
				require.NotEqual(t, want, unset)
			}
			require.Equal(t, want, testkit.Must(holmes.Settings(holmes.FromEnv()))(t))
			if tt.wrong == "" {
				return
			}
			t.Setenv(name, tt.wrong)
			_, err := holmes.New(holmes.FromEnv())
			require.ErrorContains(t, err, name+"="+`"`+tt.wrong+`"`)
			t.Setenv("HOLMES_OFF", "perhaps")
			_, err = holmes.New(holmes.FromEnv())
			require.ErrorContains(t, err, name)
			require.ErrorContains(t, err, `HOLMES_OFF="perhaps"`)
		})
	}
}

// A signal that is named in both is off, in every process alike.
func TestDisableWinsOverEnable(t *testing.T) {
	t.Setenv("HOLMES_ENABLE", "gccpu,schedlat")
	t.Setenv("HOLMES_DISABLE", "gccpu, cpu")
	want := testkit.Must(holmes.Settings(holmes.WithEnabled(holmes.SignalSchedLat), holmes.WithDisabled(holmes.SignalCPU)))(t)
	for range 20 {
		require.Equal(t, want, testkit.Must(holmes.Settings(holmes.FromEnv()))(t))
	}
}

// The rule of a program's own is not changed, but reported.
func TestFromEnvRuleOfTheProgram(t *testing.T) {
	t.Setenv("HOLMES_RULE_CPU", "abs=85")
	_, err := holmes.New(holmes.WithRule(holmes.SignalCPU, neverRule{}), holmes.FromEnv())
	require.ErrorContains(t, err, "HOLMES_RULE_CPU")
}

type neverRule struct{}

func (neverRule) Eval(*holmes.Ring, holmes.Sample) (holmes.Reason, bool) {
	return holmes.Reason{}, false
}

// Off means that Start starts nothing and touches no disk, and Stats says so.
func TestFromEnvOff(t *testing.T) {
	t.Setenv("HOLMES_OFF", "true")
	dir := filepath.Join(t.TempDir(), "none")
	h := testkit.Must(holmes.New(holmes.WithDumpPath(dir), holmes.FromEnv()))(t)
	require.NoError(t, h.Start())
	require.True(t, h.Stats().Off)
	require.False(t, h.Stats().Running)
	require.ErrorIs(t, testkit.Err(h.CaptureNow(t.Context())), holmes.ErrNotRunning)
	require.NoDirExists(t, dir)
	h.Stop()
}

// What the environment sets without an effect is said in the log, once and without its
// value.
func TestVariablesWithoutAnEffect(t *testing.T) {
	const unknown = "FromEnv knows no variable HOLMES_RULE_BLA, HOLMES_TYPO"
	const path = "HOLMES_DUMP_PATH has no effect"
	const collector = "HOLMES_COLLECTOR has no effect: the program does not have the option reporters.FromEnv"
	t.Setenv("HOLMES_TYPO", "secret")
	t.Setenv("HOLMES_RULE_BLA", "abs=3")
	t.Setenv("HOLMES_CPU_MAX", "")
	t.Setenv("HOLMES_DUMP_PATH", t.TempDir())
	for _, name := range []string{"", "_TOKEN_FILE", "_CA_FILE", "_TIMEOUT", "_PLAIN_HTTP"} {
		t.Setenv("HOLMES_COLLECTOR"+name, "for reporters.FromEnv")
	}
	for _, name := range []string{"HOLMES_HEAVY", "HOLMES_SOAK", "HOLMES_TEST_OWN_MOUNTS"} { // of the tests
		t.Setenv(name, "")
		require.NoError(t, os.Unsetenv(name))
	}
	synctest.Test(t, func(t *testing.T) {
		logger, lines := observed()
		l := newLab(t, holmes.FromEnv(), holmes.WithMemoryOnly(true), holmes.WithLogger(logger)).run(t)
		for range 2 {
			seconds(2)
			require.NoError(t, l.Set(holmes.WithDailyBudget(3)))
		}
		seconds(2)
		require.Equal(t, 1, count(lines, unknown), lines.All())
		require.Equal(t, 1, count(lines, path), lines.All())
		require.Equal(t, 1, count(lines, collector), lines.All())
		for _, line := range lines.All() {
			require.NotContains(t, line.Message, "secret")
		}
	})
	t.Setenv("HOLMES_MEMORY_ONLY", "false")
	t.Setenv("HOLMES_COLLECTOR", "https://localhost")
	for _, name := range []string{"_TOKEN_FILE", "_CA_FILE", "_TIMEOUT", "_PLAIN_HTTP"} {
		t.Setenv("HOLMES_COLLECTOR"+name, "")
	}
	synctest.Test(t, func(t *testing.T) {
		logger, lines := observed()
		newLab(t, holmes.WithMemoryOnly(true), holmes.FromEnv(), reporters.FromEnv(), holmes.WithLogger(logger)).run(t)
		seconds(2)
		require.Zero(t, count(lines, path))
		require.Zero(t, count(lines, collector))
	})
}

func TestEveryVariableIsDocumented(t *testing.T) {
	doc := string(testkit.Must(os.ReadFile("docs/options.md"))(t))
	_, table, _ := strings.Cut(doc, "| Variable |")
	at := 0
	for _, name := range holmes.Variables() {
		next := strings.Index(table, "`"+name+"`")
		require.Greater(t, next, at, "%s: in the order in which they count", name)
		at = next
	}
	code := string(testkit.Must(os.ReadFile("reporters/env.go"))(t))
	for line := range strings.Lines(code) {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "//	"), " "); ok && strings.HasPrefix(name, "HOLMES_") {
			require.Contains(t, doc, "`"+name+"`")
		}
	}
}

// The attributes that OpenTelemetry defines for a service reach an event. A value that
// cannot be decoded discards all, and the log says so.
func TestResourceAttributes(t *testing.T) {
	t.Setenv("OTEL_SERVICE_NAME", "shop")
	t.Setenv("POD_NAME", "shop-1")
	t.Setenv("POD_NAMESPACE", "")
	const spaced = " k8s.pod.name=shop-1, k8s.namespace.name=prod,k8s.node.name=n%31,k8s.cluster.name=c%C3%BC, "
	for text, want := range map[string]map[string]string{
		"service.name=other,service.version=1.2%2B3,service.instance.id=a=b,service.namespace=retail": {
			"service": "shop", "version": "1.2+3", "instance": "a=b", "service.namespace": "retail",
		},
		spaced: {
			"service": "shop", "instance": "shop-1", "namespace": "prod", "node": "n1", "k8s.cluster.name": "cü",
		},
		"service.instance.id=i-7,k8s.pod.name=shop-1": {"service": "shop", "instance": "i-7", "k8s.pod.name": "shop-1"},
		"deployment.environment.name=prod":            {"service": "shop", "instance": "shop-1", "deployment.environment.name": "prod"},
		"deployment.environment=old,secret=x":         {"service": "shop", "instance": "shop-1", "deployment.environment.name": "old"},
		"service.namespace=retail,service.version=%":  {"service": "shop", "instance": "shop-1"},
		"service.namespace=retail,broken":             {"service": "shop", "instance": "shop-1"},
	} {
		t.Run(text, func(t *testing.T) {
			t.Setenv("OTEL_RESOURCE_ATTRIBUTES", text)
			synctest.Test(t, func(t *testing.T) {
				logger, lines := observed()
				l := newLab(t, holmes.WithLogger(logger)).run(t)
				e := testkit.Must(l.CaptureNow(t.Context(), holmes.KindGoroutine))(t)
				seconds(2)
				if want["version"] == "" {
					delete(e.Labels, "version")
				}
				delete(e.Labels, "revision")
				require.Equal(t, want, e.Labels)
				broken := strings.Contains(text, "broken") || strings.HasSuffix(text, "%")
				require.Equal(t, broken, count(lines, "OTEL_RESOURCE_ATTRIBUTES is ignored") == 1)
			})
		})
	}
}

// A pause is for a load test: the rules begin no event until it is over, and it ends by
// itself. Stats and WhyNot say so.
func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.Pause(10 * time.Minute) // before Start, too
		l.run(t)
		seconds(60)
		l.host.CPU(func() float64 { return 95 })
		l.host.SetThreads(500)
		seconds(8 * 60)
		require.Empty(t, l.got.all())
		require.Equal(t, time.Minute, l.Stats().Paused)
		require.Contains(t, l.WhyNot(holmes.SignalThread), "paused")
		l.capture(t)
		synctest.Wait()
		require.Len(t, l.got.all(), 1, "on demand")
		l.host.CPU(func() float64 { return 2 })
		l.host.SetThreads(8)
		seconds(120)
		require.Len(t, l.got.all(), 1)
		require.Zero(t, l.Stats().Paused)
		l.host.SetThreads(500)
		seconds(60)
		require.Len(t, l.got.all(), 2, "it is over")

		l.Pause(time.Hour)
		l.Pause(0)
		require.Zero(t, l.Stats().Paused)
		l.Pause(math.MaxInt64)
		require.Greater(t, l.Stats().Paused, time.Duration(math.MaxInt64/2))
		l.host.SetThreads(8)
		seconds(2 * 60 * 60)
		l.host.SetThreads(900)
		seconds(60)
		require.Len(t, l.got.all(), 2, "for good")
		new(holmes.Holmes).Pause(time.Hour) // as any method of the zero value
	})
}

// A load test is no normal: the mean is that of before the pause, so what is far above
// that when the pause is over is reported. What was suspected before is judged on.
func TestPauseTeachesTheMeanNothing(t *testing.T) {
	for name, opts := range map[string][]holmes.Option{"": nil, "classic": {holmes.WithClassicRules()}} {
		testkit.Bubble(t, name, func(t *testing.T) {
			l := newLab(t, append(opts, holmes.WithDisabled(holmes.SignalMem))...).run(t)
			cpu := func() holmes.SignalStats { return l.Stats().Signals[0] }
			l.host.CPU(func() float64 { return 12 })
			seconds(60)
			normal := cpu().Mean
			l.Pause(30 * time.Minute)
			l.host.CPU(func() float64 { return 60 })
			seconds(29 * 60)
			require.InDelta(t, normal, cpu().Mean, 0.01)
			require.InDelta(t, 60, cpu().Value, 1)
			require.Contains(t, cpu().WhyNot, "fires, but holmes is paused")
			l.host.CPU(func() float64 { return 40 })
			seconds(2 * 60)
			require.Equal(t, holmes.CodeDiff, l.event(t).Trigger.Reason.Code)
		})
	}
}

func TestSuspicionGoesOnInAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t).run(t)
		seconds(60)
		l.host.CPU(func() float64 { return 95 })
		seconds(5)
		l.Pause(time.Hour)
		seconds(60)
		require.Equal(t, holmes.SignalCPU, l.event(t).Trigger.Sample.Signal)
	})
}

// A process that is about to be killed is worth an event in a pause, too.
func TestForecastInAPause(t *testing.T) {
	testkit.Bubble(t, "", func(t *testing.T) {
		l := watched(t)
		l.Pause(time.Hour)
		l.run(t)
		seconds(30)
		l.host.Memory(850 * mib) // above the absolute threshold
		seconds(30)
		require.Empty(t, l.got.all())
		l.host.Memory(300 * mib)
		seconds(30)
		l.grow(300, 980, 3000)
		seconds(20)
		require.NotEmpty(t, l.got.all())
		require.Equal(t, holmes.CodeForecast, l.got.all()[0].Trigger.Reason.Code)
	})
}

func TestWithReporterFunc(t *testing.T) {
	fails := func() (holmes.Reporter, error) { return nil, errors.New("no address") }
	_, err := holmes.New(holmes.WithReporterFunc("central", fails))
	require.ErrorContains(t, err, "no address")
	to := func(name string) func() (holmes.Reporter, error) {
		return func() (holmes.Reporter, error) { return newReceiver(name), nil }
	}
	none := func() (holmes.Reporter, error) { return nil, nil } //nolint:nilnil // as documented
	h := testkit.Must(holmes.New(holmes.WithReporterFunc("", to("own")), holmes.WithReporterFunc("central", to("x")),
		holmes.WithReporterFunc("central", none)))(t)
	var names []string
	for _, r := range h.Stats().Reporters {
		names = append(names, r.Name)
	}
	require.Equal(t, []string{"own", "central"}, names)
}
