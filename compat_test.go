package holmes_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// The constructors keep the exact types that mosn/holmes gave them.
var (
	_ func(...holmes.Option) (*holmes.Holmes, error)                 = holmes.New
	_ func(string) holmes.Option                                     = holmes.WithCollectInterval
	_ func(string) holmes.Option                                     = holmes.WithCPUSamplingTime
	_ func(int) holmes.Option                                        = holmes.WithCPUMax
	_ func(string) holmes.Option                                     = holmes.WithDumpPath
	_ func() holmes.Option                                           = holmes.WithBinaryDump
	_ func() holmes.Option                                           = holmes.WithTextDump
	_ func(bool) holmes.Option                                       = holmes.WithFullStack
	_ func(bool) holmes.Option                                       = holmes.WithDumpToLogger
	_ func(min, diff, abs int, coolDown time.Duration) holmes.Option = holmes.WithCPUDump
	_ func(min, diff, abs int, coolDown time.Duration) holmes.Option = holmes.WithMemDump
	_ func(min, diff, abs int, coolDown time.Duration) holmes.Option = holmes.WithGCHeapDump
	_ func(min, diff, abs int, coolDown time.Duration) holmes.Option = holmes.WithThreadDump
	_ func(a, b, c, d int, coolDown time.Duration) holmes.Option     = holmes.WithGoroutineDump
	_ func(int, time.Duration) holmes.Option                         = holmes.WithShrinkThread
	_ func(float64) holmes.Option                                    = holmes.WithCPUCore
	_ func(uint64) holmes.Option                                     = holmes.WithMemoryLimit
	_ func(bool) holmes.Option                                       = holmes.WithGoProcAsCPUCore
	_ func(bool) holmes.Option                                       = holmes.WithCGroup
	_ func(holmes.Logger) holmes.Option                              = holmes.WithLogger
	_ func(holmes.ProfileReporter) holmes.Option                     = holmes.WithProfileReporter
	_ func() holmes.Logger                                           = holmes.NewStdLogger

	_ holmes.ProfileReporter = (*legacy)(nil)
	_ holmes.Logger          = (*zap.SugaredLogger)(nil)
)

// foreignLevel is a level type of another module, such as mosn.io/pkg/log's.
type foreignLevel uint8

const foreignINFO foreignLevel = 3

// The design's snippet and the code of mosn/holmes's users compile and run.
func TestCodeForMosnHolmes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		logfile := filepath.Join(dir, "holmes.log")
		r := &legacy{}
		h, err := holmes.New(
			holmes.WithProfileReporter(r), holmes.WithDumpPath(filepath.Join(dir, "dump")),
			holmes.WithMemoryLimit(100*1024*1024), holmes.WithCPUCore(2),
			holmes.WithCPUDump(20, 100, 150, time.Minute*2), holmes.WithMemDump(50, 100, 800, time.Minute),
			holmes.WithGoroutineDump(200, 100, 5000, 200*5000, time.Minute), holmes.WithCollectInterval("1s"),
			holmes.WithLogger(holmes.NewFileLog(logfile, foreignINFO)))
		require.NoError(t, err)
		host := holmes.NewHost()
		host.Live(h)
		(&holmes.Profiler{}).Use(h)
		h.DisableGCHeapDump()                                           // of this process, which other tests have filled
		h.EnableCPUDump().EnableGoroutineDump().EnableMemDump().Start() //nolint:errcheck // as users of mosn/holmes write it
		seconds(30)
		host.CPU(func() float64 { return 160 })
		seconds(30)
		require.NoError(t, h.Set(holmes.WithCollectInterval("2s"), holmes.WithGoroutineDump(200, 100, 5000, 90, time.Minute)))
		h.Stop()

		require.Equal(t, []string{"cpu"}, r.kinds)
		require.Equal(t, holmes.ReasonCurGreaterAbs, r.why)
		require.Equal(t, 160, r.scene.CurVal)
		require.Equal(t, []int{20, 150, 100}, []int{r.scene.TriggerMin, r.scene.TriggerAbs, r.scene.TriggerDiff})
		require.NotEmpty(t, r.got[0])
		log := testkit.Must(os.ReadFile(logfile))(t)
		require.Contains(t, string(log), "CPU 160 %")
	})
}

func TestProfileReporterSwitch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := &legacy{}, &legacy{}
		l := newLab(t, holmes.WithProfileReporter(first), holmes.WithProfileReporter(second)).run(t)
		capture := func() {
			require.NoError(t, testkit.Err(l.CaptureNow(t.Context(), holmes.KindGoroutine)))
			seconds(1)
		}
		capture()
		l.DisableProfileReporter()
		capture()
		l.EnableProfileReporter()
		capture()
		require.Empty(t, first.kinds, "the second one replaced it")
		require.Len(t, second.kinds, 2)
		require.Len(t, l.got.all(), 3)

		l.ReportProfile("heap", "f", holmes.ReasonDiff, "id", time.Now(), []byte("x"), holmes.Scene{})
		require.Equal(t, "heap", second.kinds[2])
	})
}

func TestCPUMax(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithCPUMax(90)).run(t)
		seconds(60)
		l.host.CPU(func() float64 { return 95 })
		seconds(60)
		require.Zero(t, l.Stats().Signals[0].Suspected)
		require.Contains(t, l.WhyNot(holmes.SignalCPU), "WithCPUMax")
		require.ErrorContains(t, l.EnableDump(90), "WithCPUMax(90)")
		require.NoError(t, l.EnableDump(89))
	})
}

// legacy is a reporter of mosn/holmes that keeps the very slices it is given.
type legacy struct {
	mu    sync.Mutex
	kinds []string
	got   [][]byte
	scene holmes.Scene
	why   holmes.ReasonType
}

func (l *legacy) Report(pType, _ string, why holmes.ReasonType, _ string, _ time.Time, raw []byte, scene holmes.Scene) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds, l.got = append(l.kinds, pType), append(l.got, raw)
	l.scene, l.why = scene, why
	return nil
}

// A profile that a reporter of mosn/holmes was given is not changed by the next
// one.
func TestProfilesShareNoBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := &legacy{}
		l := newLab(t, holmes.WithProfileReporter(old), holmes.WithDumpPath("/dev/null/none"))
		n := 0
		l.SetCapture(holmes.KindGoroutine, 0, func(w io.Writer) error {
			n++
			return testkit.Err(fmt.Fprintf(w, "profile %d", n))
		})
		l.run(t)
		for range 3 {
			require.NoError(t, testkit.Err(l.CaptureNow(t.Context(), holmes.KindGoroutine)))
		}
		synctest.Wait()
		require.Equal(t, []string{"profile 1", "profile 2", "profile 3"}, []string{string(old.got[0]), string(old.got[1]), string(old.got[2])})
		old.got[0][0] = 'X' // it may even write into what it got
		require.Equal(t, "profile 2", string(old.got[1]))
	})
}
