package holmes_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes"
)

// TestMain also is the main function of the processes that some tests start.
func TestMain(m *testing.M) {
	if job := os.Getenv(childEnv); job != "" {
		if err := child(job); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// collector is a reporter that keeps what it gets.
type collector struct {
	mu     sync.Mutex
	events []*holmes.Event
}

func (c *collector) Report(_ context.Context, e *holmes.Event) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, e)
	return nil
}

func (c *collector) all() []*holmes.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*holmes.Event(nil), c.events...)
}

// lab is a Holmes on a host of its own, for tests on synthetic time.
type lab struct {
	*holmes.Holmes
	host     *holmes.Host
	profiler *holmes.Profiler
	got      *collector
	dir      string
}

// newLab returns a lab that reports to got, and that stops with the test. Call
// it inside of a synctest bubble.
func newLab(t *testing.T, opts ...holmes.Option) *lab {
	t.Helper()
	l := &lab{host: holmes.NewHost(), profiler: &holmes.Profiler{}, got: &collector{}, dir: t.TempDir()}
	all := append([]holmes.Option{
		holmes.WithDumpPath(l.dir), holmes.WithReporter(l.got), holmes.WithLogger(testLog{t}),
		holmes.WithForcedGC(false), holmes.WithMemoryWatch(false),
		holmes.WithFlightRecorder(holmes.RecorderOff), holmes.WithBaseline(0),
	}, opts...)
	h, err := holmes.New(all...)
	require.NoError(t, err)
	l.Holmes = h
	l.host.Live(h)
	l.profiler.Use(h)
	t.Cleanup(l.Stop)
	return l
}

// run starts the lab.
func (l *lab) run(t *testing.T) *lab {
	t.Helper()
	require.NoError(t, l.Start())
	return l
}

// seconds lets synthetic time pass, and everything happen that is due by then.
func seconds(n int) {
	<-time.After(time.Duration(n) * time.Second)
	synctest.Wait()
}

// ours counts the goroutines of all instances of holmes.
func ours() int {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	n := 0
	for stack := range bytes.SplitSeq(buf, []byte("\n\n")) {
		if bytes.Contains(stack, []byte("created by github.com/go-holmes/holmes.")) ||
			bytes.Contains(stack, []byte("created by github.com/go-holmes/holmes/")) {
			n++
		}
	}
	return n
}

// testLog writes to the test's log.
type testLog struct{ t *testing.T }

func (l testLog) Debugf(f string, a ...any) { l.t.Logf("debug "+f, a...) }
func (l testLog) Infof(f string, a ...any)  { l.t.Logf("info "+f, a...) }
func (l testLog) Warnf(f string, a ...any)  { l.t.Logf("warn "+f, a...) }
func (l testLog) Errorf(f string, a ...any) { l.t.Logf("error "+f, a...) }
