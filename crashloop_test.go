package holmes_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/realgroup"
	"github.com/go-holmes/holmes/internal/testkit"
)

// The job of a child that fills its memory and is killed, and the group that it joins,
// which is empty where none can be made.
const (
	crashJob    = "crash loop"
	childGroup  = "HOLMES_TEST_GROUP"
	crashMemory = 128 << 20
)

// sayer reports on stdout.
type sayer struct{}

func (sayer) Report(_ context.Context, e *holmes.Event) error {
	return testkit.Err(fmt.Printf("reported %s %s %s\n", e.ID, e.Trigger.Sample.Signal, e.Sentence()))
}

func init() { jobs[crashJob] = crash }

// crash fills 90 % of its memory, and waits for its end.
func crash() error {
	options := []holmes.Option{
		holmes.WithDumpPath(os.Getenv(childEvidence)), holmes.WithLogger(nil), holmes.WithReporter(sayer{}),
		holmes.WithDailyBudget(3), holmes.WithCollectInterval("250ms"), holmes.WithBaseline(0),
	}
	if group := os.Getenv(childGroup); group == "" {
		options = append(options, holmes.WithMemoryLimit(crashMemory))
	} else if err := realgroup.Join(group); err != nil {
		return err
	}
	h, err := holmes.New(options...)
	if err != nil {
		return err
	}
	if err := h.Start(); err != nil {
		return err
	}
	var keep [][]byte
	for holmes.LastValue(h, holmes.SignalMem) < 88 && len(keep) < crashMemory>>20*85/100 {
		page := make([]byte, 1<<20)
		for i := range page {
			page[i] = 1
		}
		keep = append(keep, page)
	}
	for begun := h.Stats().Ticks; h.Stats().Ticks < begun+16; { // four seconds
		<-time.After(10 * time.Millisecond)
	}
	for boxes := filepath.Join(os.Getenv(childEvidence), "blackbox"); !judged(boxes); {
		<-time.After(10 * time.Millisecond)
	}
	fmt.Println("full", len(keep))
	select {}
}

// judged reports whether the black boxes of the runs before were taken over and judged: only
// the present run's is left.
func judged(boxes string) bool {
	own, _ := filepath.Glob(filepath.Join(boxes, "*.box"))
	taken, _ := filepath.Glob(filepath.Join(boxes, ".*.taken"))
	return len(own) == 1 && len(taken) == 0
}

// memoryGroup returns a real memory group with a limit, "" where none can be made.
func memoryGroup(t *testing.T) string {
	t.Helper()
	h, err := realgroup.Find("memory")
	if errors.Is(err, realgroup.ErrNone) {
		t.Logf("resident memory is compared with an option instead: %v", err)
		return ""
	}
	require.NoError(t, err)
	group := testkit.Must(h.Make())(t)
	t.Cleanup(func() {
		require.Eventually(t, func() bool { return realgroup.Remove(group) == nil }, time.Minute, 10*time.Millisecond)
	})
	require.NoError(t, h.LimitMemory(group, crashMemory))
	return group
}

// A process that is killed at 90 % of its memory, again and again, makes at most its
// budget of reports, in all of its lives. The usual run has three of them.
func TestCrashLoopKeepsToTheBudget(t *testing.T) {
	group, dir := memoryGroup(t), t.TempDir()
	reports := map[string]string{}
	lives := testkit.Heavy(10, 3)
	for range lives {
		c := testkit.Start(t, childEnv+"="+crashJob, childEvidence+"="+dir, childGroup+"="+group)
		for c.Lines.Scan() {
			if strings.HasPrefix(c.Lines.Text(), "full ") {
				require.NoError(t, c.Process.Kill())
			}
			if rest, ok := strings.CutPrefix(c.Lines.Text(), "reported "); ok {
				id, about, _ := strings.Cut(rest, " ")
				t.Log(about)
				reports[id] = about
			}
		}
		require.Error(t, c.Wait())
	}
	require.LessOrEqual(t, len(reports), 3, "%v", reports)
	signals := map[string]int{}
	for _, about := range reports {
		signal, _, _ := strings.Cut(about, " ")
		signals[signal]++
	}
	require.Positive(t, signals["process"], "%v", reports)
	require.Positive(t, signals["mem"], "%v", reports)
	written := testkit.Must(filepath.Glob(filepath.Join(dir, "*-process-*")))(t)
	require.Len(t, written, signals["process"], "what is not reported takes no room")
	state := testkit.Must(os.ReadFile(filepath.Join(dir, "brakes", "state.json")))(t)
	require.Regexp(t, fmt.Sprintf(`"signal":"process","code":"crash","since":"[^"]*","last":"[^"]*","times":%d,`, lives-1), string(state))
}
