package holmes_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

// A group that reaches memory.high is slowed down and not killed: what is left goes by
// memory.max, and the event says so.
func TestMemoryHighDoesNotKill(t *testing.T) {
	root := t.TempDir()
	write := func(path, text string) {
		path = filepath.Join(root, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	const app = "sys/fs/cgroup/app/"
	write("proc/self/cgroup", "0::/app\n")
	write("proc/self/mountinfo", "30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
	write("proc/meminfo", "MemTotal:       67108864 kB\n")
	write(app+"cgroup.events", "populated 1\n")
	write(app+"memory.max", "1073741824\n")
	write(app+"memory.high", "268435456\n")
	write(app+"memory.current", "104857600\n")
	write(app+"memory.stat", "anon 104857600\ninactive_file 0\nactive_file 0\nslab_reclaimable 0\n")
	write(app+"cpu.max", "max 100000\n")
	write(app+"cpu.stat", "usage_usec 1\n")
	synctest.Test(t, func(t *testing.T) {
		l := watched(t)
		require.NoError(t, l.host.LiveIn(l.Holmes, root))
		l.run(t)
		seconds(60)
		require.Equal(t, holmes.LimitStat{Value: 256 * mib, From: "memory.high of the cgroup /app"}, l.Stats().Limits.Memory)
		write(app+"memory.current", "268435456\n")
		seconds(60)
		e := l.event(t)
		require.Equal(t, holmes.CodeAbs, e.Trigger.Reason.Code)
		require.InDelta(t, 100, e.Trigger.Sample.Value, 1)
		require.Contains(t, e.Sentence(), "100 % is memory.high, at which the kernel slows the group down and does not kill")
		require.Equal(t, "memory.high of the cgroup /app", e.Readings.MemoryLimitFrom)
		require.True(t, e.Profile(holmes.KindHeap).Captured())
	})
}

// Stats has what 100 % is of this very process, and from where.
func TestStatsHasTheLimits(t *testing.T) {
	all := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(all)
	h := neverFires(t, holmes.WithMemoryLimit(256*mib))
	require.Zero(t, h.Stats().Limits)
	tick, end := holmes.TickOnce(h)
	defer end()
	tick()
	memory := holmes.LimitStat{Value: 256 * mib, From: "WithMemoryLimit"}
	cpu := h.Stats().Limits.CPU
	require.Equal(t, holmes.LimitStats{CPU: cpu, Memory: memory, Heap: memory}, h.Stats().Limits)
	require.LessOrEqual(t, cpu.Value, 1.0)
	require.NotEmpty(t, cpu.From)

	require.NoError(t, h.Set(holmes.WithCGroup(false), holmes.WithMemoryLimit(0)))
	limits := h.Stats().Limits
	require.Equal(t, "the machine", limits.Memory.From)
	require.Positive(t, limits.Memory.Value)
}
