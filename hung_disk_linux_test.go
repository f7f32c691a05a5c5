package holmes_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// A directory that another process keeps locked is one that does not answer: after one wait
// for the lock the events go on from memory.
func TestLockedDirectoryHoldsNoCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := newReceiver("receiver")
		l := newLab(t, holmes.WithReporter(got)).run(t)
		first := l.capture(t)
		seconds(1)
		lock := testkit.Must(os.OpenFile(filepath.Join(l.dir, ".lock"), os.O_RDWR, 0))(t)
		require.NoError(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var hasty *holmes.Event
		took := within(func() { hasty = testkit.Must(l.CaptureNow(ctx, holmes.KindGoroutine))(t) })
		require.LessOrEqual(t, took, time.Second+200*time.Millisecond)
		ids := []string{first, hasty.ID}
		took = within(func() {
			for range 3 {
				ids = append(ids, l.capture(t))
			}
		})
		synctest.Wait()
		require.LessOrEqual(t, took, 5*time.Second, "the lock is not waited for in each operation")
		require.Equal(t, ids, got.ids())
		require.NoError(t, lock.Close())
		seconds(70)
		last := l.capture(t)
		require.FileExists(t, filepath.Join(l.dir, last, "event.json"))
		seconds(1)
		require.Equal(t, append(ids, last), got.ids())
	})
}

// A real file system that is frozen, in which every write waits for its end, holds no
// caller, no tick and no delivery.
func TestFrozenFileSystemHoldsNoCaller(t *testing.T) {
	testkit.Parallel(t)
	dir := filepath.Join(ext4(t), "evidence")
	got, slow := newReceiver("receiver"), newReceiver("slow")
	slow.set(down)
	h := started(t, holmes.WithDumpPath(dir), holmes.WithReporter(got), holmes.WithReporter(slow),
		holmes.WithBaseline(0), holmes.WithLogger(nil), holmes.WithCollectInterval("100ms"),
		holmes.WithRule(holmes.SignalCPU, holmes.Threshold{Abs: 1e6})) // other tests run beside this one
	capture := func(limit time.Duration) string {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		return testkit.Must(h.CaptureNow(ctx, holmes.KindThreadcreate))(t).ID
	}
	ids := []string{capture(time.Minute)}
	eventually(t, "the black box is open", func() bool {
		boxes, _ := filepath.Glob(filepath.Join(dir, "blackbox", "*.box"))
		return len(boxes) == 1
	})

	thaw := freeze(t, filepath.Dir(dir))
	for what, call := range map[string]func(){
		"Stats": func() { h.Stats() }, "WhyNot": func() { h.WhyNot(holmes.SignalCPU) },
		"Set": func() { require.NoError(t, h.Set(holmes.WithCPUMax(99))) },
	} {
		returns(t, what, call)
	}
	for range 6 {
		returns(t, "CaptureNow with a context", func() { ids = append(ids, capture(time.Second)) })
	}
	eventually(t, "the disk counts as one that does not answer", func() bool { return h.Stats().Dump.Hung > 0 })
	for range 6 {
		returns(t, "CaptureNow", func() { ids = append(ids, capture(time.Hour)) })
	}
	require.LessOrEqual(t, h.Stats().Dump.Hung, 4)
	eventually(t, "events are delivered from memory", func() bool { return len(got.ids()) == len(ids) })
	ticks := h.Stats().Ticks
	eventually(t, "the loop goes on, with its black box", func() bool { return h.Stats().Ticks > ticks+15 })
	returns(t, "Stop", h.Stop)
	returns(t, "Start", func() { require.NoError(t, h.Start()) })
	require.True(t, h.Stats().Running)

	thaw()
	eventually(t, "what is in memory is on disk", func() bool {
		s := h.Stats().Dump
		return s.Hung == 0 && s.InMemory == 0 && s.Err == nil
	})
	for _, id := range ids {
		require.FileExists(t, filepath.Join(dir, id, "event.json"))
	}
	slow.set(nil)
	eventually(t, "the other reporter has them, too", func() bool { return len(slow.ids()) >= len(ids) })
	h.Stop()
	require.ElementsMatch(t, ids, got.ids(), "none twice")
	require.ElementsMatch(t, ids, slow.ids(), "none twice")
	require.Zero(t, h.Stats().Bugs)
}

// eventually waits for a condition, for far longer than a slow machine needs.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, 2*time.Minute, 20*time.Millisecond, what)
}

// returns fails the test if a call does not return. It logs how long it took.
func returns(t *testing.T, what string, call func()) {
	t.Helper()
	begin, done := time.Now(), make(chan struct{})
	go func() {
		defer close(done)
		call()
	}()
	select {
	case <-done:
		t.Logf("%s returned after %v", what, time.Since(begin).Round(time.Millisecond))
	case <-time.After(time.Minute):
		require.FailNow(t, what+" does not return")
	}
}

// ext4 mounts a file system of its own for the time of a test, or skips it.
func ext4(t *testing.T) (dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount and freeze a file system")
	}
	image, dir := filepath.Join(t.TempDir(), "image"), t.TempDir()
	require.NoError(t, os.WriteFile(image, nil, 0o600))
	require.NoError(t, os.Truncate(image, 32<<20))
	for _, args := range [][]string{{"mkfs.ext4", "-q", image}, {"mount", "-o", "loop", image, dir}} {
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Skipf("this machine does not let us mount an ext4: %s: %v: %s", args[0], err, out)
		}
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

// freeze freezes a file system until thaw is called or the test is over, or skips the
// test. Another process thaws it after five minutes in any case: what waits for a frozen
// file system cannot be killed.
func freeze(t *testing.T, dir string) (thaw func()) {
	t.Helper()
	after := context.WithoutCancel(t.Context())
	guard := exec.CommandContext(after, "sh", "-c", `sleep 300; fsfreeze -u "$0"`, dir)
	guard.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, guard.Start())
	if out, err := exec.CommandContext(t.Context(), "fsfreeze", "-f", dir).CombinedOutput(); err != nil {
		_ = guard.Process.Kill()
		_ = guard.Wait()
		t.Skipf("this machine does not let us freeze a file system: %v: %s", err, out)
	}
	thawed := false
	thaw = func() {
		if !thawed {
			thawed = true
			require.NoError(t, exec.CommandContext(after, "fsfreeze", "-u", dir).Run())
			_ = syscall.Kill(-guard.Process.Pid, syscall.SIGKILL)
			_ = guard.Wait()
		}
	}
	t.Cleanup(thaw)
	return thaw
}
