package cgroup_test

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
)

// These tests make groups of v1 on the machine that they run on, and move processes of their own into them. They need
// root, and the hierarchies mounted.
const (
	memoryV1 = "/sys/fs/cgroup/memory"
	cpuV1    = "/sys/fs/cgroup/cpu"

	// groupPrefix is followed by the process that made the group, so that those of dead ones can be told.
	groupPrefix = "holmes-test-"
)

// needV1 skips the test where it cannot run, and removes what earlier runs have left behind.
func needV1(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	for _, file := range []string{memoryV1 + "/memory.limit_in_bytes", cpuV1 + "/cpu.cfs_quota_us"} {
		if _, err := os.Stat(file); err != nil {
			t.Skip("needs control groups of v1 with memory and cpu: ", err)
		}
	}
	for _, mount := range []string{memoryV1, cpuV1} {
		left, _ := filepath.Glob(mount + "/" + groupPrefix + "*")
		for _, dir := range left {
			pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), groupPrefix), "-")
			if _, err := os.Stat("/proc/" + pid); os.IsNotExist(err) {
				removeGroup(dir)
			}
		}
	}
}

// removeGroup removes a group and those below it; it fails on those that still have processes.
func removeGroup(dir string) {
	var dirs []string
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, path)
		}
		return nil
	})
	for _, dir := range slices.Backward(dirs) {
		_ = os.Remove(dir)
	}
}

// group is a real group.
type group string

// newGroup makes a group for the time of the test. Call it before startChild, so that its processes end first.
func newGroup(t testing.TB, mount string) group {
	t.Helper()
	dir, err := os.MkdirTemp(mount, groupPrefix+strconv.Itoa(os.Getpid())+"-") //nolint:usetesting // a group is made below its mount
	require.NoError(t, err)
	t.Cleanup(func() { removeGroup(dir) })
	return group(dir)
}

// below makes a group in g.
func (g group) below(t testing.TB, name string) group {
	t.Helper()
	require.NoError(t, os.Mkdir(string(g)+"/"+name, 0o755))
	return g + group("/"+name)
}

// set writes one of the files of g.
func (g group) set(t testing.TB, file string, value int) {
	t.Helper()
	require.NoError(t, os.WriteFile(string(g)+"/"+file, fmt.Appendln(nil, value), 0))
}

// joined starts a process in the groups, with a reader open.
func joined(t testing.TB, groups ...group) *child {
	t.Helper()
	c := startChild(t)
	for _, g := range groups {
		c.tell(t, "join %s", g)
	}
	c.tell(t, "open")
	return c
}

func TestV1NestedLimits(t *testing.T) {
	needV1(t)
	memory, cpu := newGroup(t, memoryV1), newGroup(t, cpuV1)
	memory.set(t, "memory.limit_in_bytes", 512<<20)
	cpu.set(t, "cpu.cfs_quota_us", 50_000)
	c := joined(t, memory.below(t, "leaf"), cpu.below(t, "leaf"))

	u := c.tell(t, "usage").Usage
	require.Equal(t, uint64(512<<20), u.MemoryLimit)
	require.Equal(t, 1, u.MemoryLevel)
	require.Equal(t, 0.5, u.CPULimit)
	require.Positive(t, u.MemoryUsed)

	s := c.tell(t, "sample").Sample
	require.Equal(t, []int{1, 1}, []int{s.Memory.Binding, s.CPU.Binding})
	require.Equal(t, cgroup.V1, s.Memory.Version)
	require.Equal(t, strings.TrimPrefix(string(memory), memoryV1)+"/leaf", s.Memory.Levels[0].Path)
	require.Zero(t, s.Unseen&(cgroup.UnseenMemory|cgroup.UnseenMemoryLimit|cgroup.UnseenMemoryStat|cgroup.UnseenMemoryEvents|
		cgroup.UnseenCPU|cgroup.UnseenCPULimit|cgroup.UnseenLeaf), s.Unseen)

	// The limits change while the process runs.
	memory.set(t, "memory.limit_in_bytes", 256<<20)
	cpu.set(t, "cpu.cfs_quota_us", -1)
	calls := 0
	for u.MemoryLimit != 256<<20 || u.CPULimit != 0 {
		u = c.tell(t, "usage").Usage
		calls++
		require.LessOrEqual(t, calls, callsPerLevel*3)
	}
	require.Equal(t, s.Generation, u.Generation)
}

func TestV1MemoryGrowth(t *testing.T) {
	needV1(t)
	const mib = 32
	memory := newGroup(t, memoryV1)
	memory.set(t, "memory.limit_in_bytes", 256<<20)
	c := joined(t, memory)
	before := c.tell(t, "sample").Sample.Memory.Levels[0]
	c.tell(t, "hold %d", mib)
	after := c.tell(t, "sample").Sample.Memory.Levels[0]
	// The kernel charges in batches for each core, and the process itself needs a little.
	const slack = 4 << 20
	require.InDelta(t, float64(before.Used()+mib<<20), float64(after.Used()), slack)
	require.InDelta(t, float64(before.Anon+mib<<20), float64(after.Anon), slack)
}

func TestV1Throttling(t *testing.T) {
	needV1(t)
	cpu := newGroup(t, cpuV1)
	cpu.set(t, "cpu.cfs_quota_us", 10_000) // of 100 ms
	c := joined(t, cpu.below(t, "leaf"))
	before := c.tell(t, "sample").Sample
	c.tell(t, "burn 30ms")
	after := c.tell(t, "sample").Sample
	require.Equal(t, before.Generation, after.Generation)
	require.Greater(t, after.CPU.Levels[1].Throttled, before.CPU.Levels[1].Throttled)
	require.Greater(t, after.CPU.Levels[1].ThrottledTime, before.CPU.Levels[1].ThrottledTime)
	require.Zero(t, after.CPU.Levels[0].Throttled, "it is counted where the quota is")
	require.Equal(t, 0.1, after.CPU.Limit)
}

func TestV1Move(t *testing.T) {
	needV1(t)
	memory := newGroup(t, memoryV1)
	a, b := memory.below(t, "a"), memory.below(t, "b")
	a.set(t, "memory.limit_in_bytes", 256<<20)
	b.set(t, "memory.limit_in_bytes", 128<<20)
	c := joined(t, a)
	u := c.tell(t, "usage").Usage
	require.Equal(t, uint64(256<<20), u.MemoryLimit)

	c.tell(t, "join %s", b)
	moved := c.tell(t, "look").Usage
	require.Equal(t, uint64(128<<20), moved.MemoryLimit)
	require.Equal(t, u.Generation+1, moved.Generation)

	// Away, removed, made again and back, all between two readings: the path stays, the group does not.
	c.tell(t, "join %s", a)
	require.NoError(t, os.Remove(string(b)))
	memory.below(t, "b").set(t, "memory.limit_in_bytes", 64<<20)
	c.tell(t, "join %s", b)
	back := c.tell(t, "look").Usage
	require.Equal(t, uint64(64<<20), back.MemoryLimit)
	require.Greater(t, back.Generation, moved.Generation)
}

func TestV1MovesLeakNothing(t *testing.T) {
	needV1(t)
	memory := newGroup(t, memoryV1)
	a, b := memory.below(t, "a"), memory.below(t, "b")
	c := joined(t, a)
	moves := 1000
	if testing.Short() {
		moves = 10
	}
	before := c.tell(t, "wander 2 %s %s", b, a)
	after := c.tell(t, "wander %d %s %s", moves, b, a)
	require.Equal(t, before.Files, after.Files)
	require.Equal(t, before.Usage.Generation+uint64(moves), after.Usage.Generation)
}

func TestV1OOMKill(t *testing.T) {
	needV1(t)
	memory := newGroup(t, memoryV1)
	memory.set(t, "memory.limit_in_bytes", 128<<20)
	watcher, victim := joined(t, memory), startChild(t)
	require.NoError(t, os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", victim.cmd.Process.Pid), []byte("1000"), 0))
	victim.tell(t, "join %s", memory)
	before := watcher.tell(t, "sample").Sample.Memory.Levels

	_, err := victim.try("hold 256")
	require.ErrorIs(t, err, io.EOF, "the kernel must have killed it")
	after := watcher.tell(t, "sample").Sample.Memory.Levels
	require.Equal(t, before[0].OOMKills+1, after[0].OOMKills)
	require.Equal(t, before[1].OOMKills, after[1].OOMKills, "it is counted in the group of the victim")
}

// BenchmarkV1 tells what the readings cost in real groups: the given number of levels, the root group included.
func BenchmarkV1(b *testing.B) {
	needV1(b)
	for _, bb := range []struct {
		name, verb   string
		levels, hold int // MiB held, of a limit of 256
	}{
		{"usage levels=2 below half", "usages", 2, 0},
		{"usage levels=2 over half", "usages", 2, 150},
		{"usage levels=5 over half", "usages", 5, 150},
		{"sample levels=3", "samples", 3, 150},
	} {
		b.Run(bb.name, func(b *testing.B) {
			memory, cpu := newGroup(b, memoryV1), newGroup(b, cpuV1)
			memory.set(b, "memory.limit_in_bytes", 256<<20)
			for range bb.levels - 2 {
				memory, cpu = memory.below(b, "x"), cpu.below(b, "x")
			}
			c := joined(b, memory, cpu)
			c.tell(b, "hold %d", bb.hold+1)
			b.ResetTimer()
			c.tell(b, "%s %d", bb.verb, b.N)
		})
	}
}
