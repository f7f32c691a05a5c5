package holmes_test

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// TestMain also is the main function of the processes that some tests start.
func TestMain(m *testing.M) { testkit.Main(m, childEnv, child) }

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
		holmes.WithGrace(0), // what is tested begins at once
	}, opts...)
	l.Holmes = testkit.Must(holmes.New(all...))(t)
	l.host.Live(l.Holmes)
	l.profiler.Use(l.Holmes)
	t.Cleanup(l.Stop)
	return l
}

// run starts the lab.
func (l *lab) run(t *testing.T) *lab {
	t.Helper()
	require.NoError(t, l.Start())
	return l
}

// event returns the only event that was reported.
func (l *lab) event(t *testing.T) *holmes.Event {
	t.Helper()
	events := l.got.all()
	require.Len(t, events, 1)
	return events[0]
}

// started returns a Holmes that runs until the end of the test.
func started(t *testing.T, opts ...holmes.Option) *holmes.Holmes {
	t.Helper()
	h := testkit.Must(holmes.New(opts...))(t)
	require.NoError(t, h.Start())
	t.Cleanup(h.Stop)
	return h
}

// writes returns how a profile with that content is taken.
func writes(content []byte) func(io.Writer) error {
	return func(w io.Writer) error { return testkit.Err(w.Write(content)) }
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
