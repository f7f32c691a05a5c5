//go:build !race

package holmes_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/realgroup"
	"github.com/go-holmes/holmes/internal/testkit"
)

// tmpfsEvents is how many events the service has: 40 take as much as its memory limit.
func tmpfsEvents() int { return testkit.Heavy(200, 50) }

func init() { jobs["tmpfs"] = childTmpfs }

// childTmpfs is a service in a control group, whose dump path is on a tmpfs of which each
// event would take much. Its receiver is down. It prints the statistics of the
// dump path after each event, and halfway its memory grows.
func childTmpfs() error {
	if err := realgroup.Join(os.Getenv(childGroup)); err != nil {
		return err
	}
	lines := &lineLog{}
	h, err := holmes.New(holmes.WithDumpPath(os.Getenv(childEvidence)), holmes.WithReporter(inbox{os.Getenv(childReceiver)}),
		holmes.WithLogger(lines), holmes.WithDumpFree(0), holmes.WithCollectInterval("10ms"), holmes.WithBaseline(0), holmes.WithMemoryWatch(false))
	if err != nil {
		return err
	}
	content := make([]byte, 2<<20)
	h.SetCapture(holmes.KindHeap, 0, func(w io.Writer) error { return testkit.Err(w.Write(content)) })
	h.SetCapture(holmes.KindThreadcreate, 0, func(w io.Writer) error { return testkit.Err(w.Write(content[:50<<10])) })
	h.SetSpoolEvery(100 * time.Millisecond) // in which events are removed as memory shrinks
	h.Disable(holmes.SignalCPU, holmes.SignalMem, holmes.SignalGCHeap, holmes.SignalGoroutine, holmes.SignalThread)
	if err := h.Start(); err != nil {
		return err
	}
	defer h.Stop()
	for i := range tmpfsEvents() {
		if i == tmpfsEvents()/2 { // a file, because the race detector would take much more for the heap
			if err := os.WriteFile(filepath.Join(os.Getenv(childEvidence), "grown"), make([]byte, 24<<20), 0o600); err != nil {
				return err
			}
			debug.FreeOSMemory()
			for ticks := h.Stats().Ticks; h.Stats().Ticks < ticks+2; {
				<-time.After(10 * time.Millisecond)
			}
		}
		if _, err := h.CaptureNow(context.Background(), holmes.KindHeap, holmes.KindThreadcreate); err != nil {
			return err
		}
		if err := json.NewEncoder(os.Stdout).Encode(h.Stats().Dump); err != nil {
			return err
		}
	}
	fmt.Println(strings.Join(lines.all(), "; "))
	return nil
}

// Files on a tmpfs count as memory of the process: the evidence there takes a small part of
// what is free, and never is what the kernel kills for. The race detector takes more than
// the group has.
func TestEvidenceOnTmpfs(t *testing.T) {
	if !testkit.OwnMounts(t) {
		return
	}
	h, err := realgroup.Find("memory")
	if errors.Is(err, realgroup.ErrNone) {
		t.Skip(err)
	}
	require.NoError(t, err)
	group := testkit.Must(h.Make())(t)
	t.Cleanup(func() { require.NoError(t, realgroup.Remove(group)) })
	const limit = 160 << 20
	require.NoError(t, h.LimitMemory(group, limit))
	dir := t.TempDir()
	testkit.Mount(t, "none", dir, "tmpfs", 0, "mode=1777")
	to := inbox{t.TempDir()}
	to.set(t, true)

	c := testkit.Start(t, childEnv+"=tmpfs", childEvidence+"="+dir, childReceiver+"="+to.dir, childGroup+"="+group)
	t.Cleanup(func() { _, _ = c.Process.Kill(), c.Wait() }) // before its group is removed
	var last holmes.DumpStats
	var before int64
	for i := range tmpfsEvents() {
		var s holmes.DumpStats
		require.NoError(t, json.Unmarshal([]byte(c.Line(t)), &s), "event %d: the kernel has killed it, last %+v", i, last)
		last = s
		require.NoError(t, s.Err)
		require.True(t, s.OnTmpfs)
		require.Equal(t, filepath.Join(dir, "holmes-0"), s.Dir)
		require.LessOrEqual(t, s.MaxBytes, int64(limit/20))
		require.LessOrEqual(t, s.Bytes, int64(limit/20))
		if i == tmpfsEvents()/2-1 {
			before = s.MaxBytes
		}
	}
	require.Positive(t, last.Events)
	require.Less(t, last.MaxBytes, before, "the budget shrinks with what is free")
	lines := c.Line(t)
	require.Equal(t, 1, strings.Count(lines, "is in memory and counts"), "said once")
	require.NotContains(t, lines, dump.ErrBudget.Error(), "and no warning")
	require.NoError(t, c.Wait())
	t.Logf("%d events, %d of %d bytes", last.Events, last.Bytes, last.MaxBytes)
}
