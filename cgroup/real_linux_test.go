package cgroup_test

import (
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/cgroup/internal/vm"
	"github.com/go-holmes/holmes/internal/testkit"
)

// The tests of this file are the same for both versions of either controller.

// mib is the unit of most figures.
const mib = 1 << 20

// slack is what figures of real groups may be off by: the kernel charges in batches for each core, adds up its statistics
// late, and the process itself needs a little.
const slack = 4 * mib

// unseenFiles are the flags that are never raised where the kernel has all files.
const unseenFiles = cgroup.UnseenMemory | cgroup.UnseenMemoryLimit | cgroup.UnseenMemoryStat | cgroup.UnseenMemoryEvents |
	cgroup.UnseenCPU | cgroup.UnseenCPULimit | cgroup.UnseenLeaf

func TestRealNestedLimits(t *testing.T) {
	s := needSystem(t)
	g := s.newGroup(t)
	g.limitMemory(t, 512)
	g.limitCPU(t, 50)
	leaf := g.below(t, "leaf")
	c := leaf.joined(t)

	u := c.tell(t, "usage").Usage
	require.Equal(t, uint64(512*mib), u.MemoryLimit)
	require.Equal(t, 1, u.MemoryLevel)
	require.Equal(t, 0.5, u.CPULimit)
	require.Positive(t, u.MemoryUsed)
	require.Equal(t, uint64(512*mib)-u.MemoryUsed, u.MemoryRoom)
	require.Equal(t, g.memory.path(), u.MemoryPath)
	require.Contains(t, []string{"memory.max", "memory.limit_in_bytes"}, u.MemoryFile)

	r := c.tell(t, "sample").Sample
	require.Equal(t, []cgroup.Version{s.memory.version(), s.cpu.version()}, []cgroup.Version{r.Memory.Version, r.CPU.Version})
	require.Equal(t, []int{1, 1}, []int{r.Memory.Binding, r.CPU.Binding})
	require.Equal(t, leaf.memory.path(), r.Memory.Levels[0].Path)
	require.Equal(t, leaf.cpu.path(), r.CPU.Levels[0].Path)
	require.Zero(t, r.Unseen&unseenFiles, r.Unseen)

	// The limits change while the process runs: those of the parent, then those of its own group.
	for _, tt := range []struct {
		of          group
		memory, cpu int
		level       int
		limit       uint64
		cores       float64
	}{
		{of: g, memory: 256, cpu: 0, level: 1, limit: 256 * mib, cores: 0},
		{of: leaf, memory: 128, cpu: 25, level: 0, limit: 128 * mib, cores: 0.25},
		{of: g, memory: 64, cpu: 30, level: 1, limit: 64 * mib, cores: 0.25},
	} {
		tt.of.limitMemory(t, tt.memory)
		tt.of.limitCPU(t, tt.cpu)
		u = c.usageUntil(t, len(r.CPU.Levels), func(u cgroup.Usage) bool {
			return u.MemoryLimit == tt.limit && u.CPULimit == tt.cores
		})
		require.Equal(t, tt.level, u.MemoryLevel)
		require.Equal(t, r.Generation, u.Generation)
	}
}

// growth is what the figures of a group grow by, in MiB.
type growth struct{ used, usage, anon, shmem int }

// check sends a command to a process in a group of its own, and compares.
func (want growth) check(t *testing.T, s system, command string) {
	t.Helper()
	g := s.newGroup(t)
	g.limitMemory(t, 128)
	c := g.joined(t)
	before, usedBefore := c.tell(t, "sample").Sample.Memory.Levels[0], c.tell(t, "look").Usage.MemoryUsed
	c.tell(t, "%s", command)
	after, u := c.tell(t, "sample").Sample.Memory.Levels[0], c.tell(t, "look").Usage

	require.False(t, u.MemoryRaw)
	for _, figure := range []struct {
		name          string
		want          int
		before, after uint64
	}{
		{"used", want.used, before.Used(), after.Used()},
		{"used, at a tick", want.used, usedBefore, u.MemoryUsed},
		{"usage", want.usage, before.Usage, after.Usage},
		{"anon", want.anon, before.Anon, after.Anon},
		{"shmem", want.shmem, before.Shmem, after.Shmem},
	} {
		require.InDelta(t, figure.want*mib, float64(figure.after)-float64(figure.before), slack, figure.name)
	}
}

// The usage grows by the memory that a process takes, private or shared.
func TestRealMemoryGrowth(t *testing.T) {
	s := needSystem(t)
	t.Run("own", func(t *testing.T) { growth{used: 32, usage: 32, anon: 32}.check(t, s, "hold 32") })
	t.Run("shared", func(t *testing.T) { growth{used: 32, usage: 32, shmem: 32}.check(t, s, "share 32") })
}

// Pages that a process writes to a disk stay in memory only while there is room.
func TestRealPageCache(t *testing.T) {
	growth{usage: 80}.check(t, needSystem(t), "cache 80 "+diskPath(t))
}

// diskPath returns the name of a file on a disk. Those on tmpfs have no page cache that the kernel can drop.
func diskPath(t *testing.T) string {
	t.Helper()
	if path := os.Getenv(vm.DiskEnv); path != "" {
		return path
	}
	dir := t.TempDir()
	var fs syscall.Statfs_t
	require.NoError(t, syscall.Statfs(dir, &fs))
	const tmpfs = 0x01021994
	if fs.Type == tmpfs {
		t.Skipf("needs a temporary directory on a disk, %s is in memory: set TMPDIR", dir)
	}
	return dir + "/file"
}

// Throttling is counted where the quota is.
func TestRealThrottling(t *testing.T) {
	g := needSystem(t).newGroup(t)
	g.limitCPU(t, 10)
	c := g.below(t, "leaf").joined(t)
	before := c.tell(t, "sample").Sample
	after := before
	// On a busy machine it may get less than the quota for a while, and the kernel
	// counts the time when it lets the group go on.
	require.Eventually(t, func() bool {
		c.tell(t, "burn 30")
		after = c.tell(t, "sample").Sample
		return after.CPU.Levels[1].ThrottledTime > before.CPU.Levels[1].ThrottledTime
	}, time.Minute, time.Millisecond)
	require.Equal(t, before.Generation, after.Generation)
	require.Greater(t, after.CPU.Levels[1].Throttled, before.CPU.Levels[1].Throttled)
	require.Zero(t, after.CPU.Levels[0].Throttled)
	require.Equal(t, 0.1, after.CPU.Limit)
}

func TestRealMove(t *testing.T) {
	g := needSystem(t).newGroup(t)
	a, b := g.below(t, "a"), g.below(t, "b")
	a.limitMemory(t, 256)
	b.limitMemory(t, 128)
	c := a.joined(t)
	u := c.tell(t, "usage").Usage
	require.Equal(t, uint64(256*mib), u.MemoryLimit)

	c.join(t, b)
	moved := c.tell(t, "look").Usage
	require.Equal(t, uint64(128*mib), moved.MemoryLimit)
	require.Equal(t, u.Generation+1, moved.Generation)

	// Away, removed, made again and back, all between two readings: the path stays, the group does not.
	c.join(t, a)
	b.remove(t)
	g.below(t, "b").limitMemory(t, 64)
	c.join(t, b)
	back := c.tell(t, "look").Usage
	require.Equal(t, uint64(64*mib), back.MemoryLimit)
	require.Greater(t, back.Generation, moved.Generation)
}

func TestRealMovesLeakNothing(t *testing.T) {
	g := needSystem(t).newGroup(t)
	a, b := g.below(t, "a"), g.below(t, "b")
	c := a.joined(t)
	moves := testkit.Heavy(10_000, 100)
	before := c.tell(t, "wander 2 %s %s", b.memory.dir, a.memory.dir)
	after := c.tell(t, "wander %d %s %s", moves, b.memory.dir, a.memory.dir)
	require.Equal(t, before.Files, after.Files)
	require.Equal(t, before.Usage.Generation+uint64(moves), after.Usage.Generation)
}

// The kernel kills at the level that is full, and counts it in the group of the victim.
func TestRealOOMKill(t *testing.T) {
	g := needSystem(t).newGroup(t)
	g.limitMemory(t, 128)
	leaf := g.below(t, "leaf")
	watcher, victim := leaf.joined(t), startChild(t)
	write(t, fmt.Sprintf("/proc/%d/oom_score_adj", victim.Process.Pid), 1000)
	victim.join(t, leaf)
	before := watcher.tell(t, "sample").Sample.Memory

	_, err := victim.try("hold 256")
	require.ErrorIs(t, err, io.EOF, "the kernel must have killed it")
	after := watcher.tell(t, "sample").Sample.Memory
	require.Equal(t, 1, after.Binding)
	require.Equal(t, before.Levels[0].OOMKills+1, after.Levels[0].OOMKills)
	require.Equal(t, before.Levels[1].OOMKills, after.Levels[1].OOMKills)
}

// BenchmarkReal tells what the readings cost in real groups of the given number of levels, besides the root group.
func BenchmarkReal(b *testing.B) {
	s := needSystem(b)
	for _, bb := range []struct {
		name, verb   string
		levels, hold int // MiB held, of a limit of 256
	}{
		{"usage levels=1 below half", "usages", 1, 1},
		{"usage levels=1 over half", "usages", 1, 150},
		{"usage levels=4 over half", "usages", 4, 150},
		{"sample levels=2", "samples", 2, 150},
	} {
		b.Run(bb.name, func(b *testing.B) {
			g := s.newGroup(b)
			g.limitMemory(b, 256)
			for range bb.levels - 1 {
				g = g.below(b, "x")
			}
			c := g.joined(b)
			c.tell(b, "hold %d", bb.hold)
			b.ResetTimer()
			c.tell(b, "%s %d", bb.verb, b.N)
		})
	}
}
