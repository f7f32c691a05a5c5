package cgroup_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
)

// group is a real group of both controllers: one directory of v2, or two.
type group struct{ memory, cpu half }

// half is what one of the controllers has of a group.
type half struct {
	hierarchy
	dir string
}

// newGroup makes a group for the time of the test. Call it before startChild, so that its processes end first.
func (s system) newGroup(t testing.TB) group {
	t.Helper()
	memory := makeGroup(t, s.memory.mount)
	cpu := memory
	if s.cpu.mount != s.memory.mount {
		cpu = makeGroup(t, s.cpu.mount)
	}
	return group{half{s.memory, memory}, half{s.cpu, cpu}}
}

func makeGroup(t testing.TB, mount string) string {
	t.Helper()
	dir, err := os.MkdirTemp(mount, groupPrefix+strconv.Itoa(os.Getpid())+"-") //nolint:usetesting // a group is made below its mount
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, removeGroup(dir)) })
	return dir
}

// dirs returns the directories of g.
func (g group) dirs() []string { return slices.Compact([]string{g.memory.dir, g.cpu.dir}) }

// path returns what the kernel calls the group.
func (h half) path() string { return strings.TrimPrefix(h.dir, h.mount) }

// below makes a group in g, which has the same controllers. No processes may be in g itself then.
func (g group) below(t testing.TB, name string) group {
	t.Helper()
	g.memory.enable(t)
	g.cpu.enable(t)
	return g.bare(t, name)
}

// enable lets groups below have the controller. In v1 they all have it.
func (h half) enable(t testing.TB) {
	t.Helper()
	if h.version == cgroup.V2 {
		write(t, h.dir+"/cgroup.subtree_control", "+"+h.controller)
	}
}

// bare makes a group in g, which in v2 has no controllers until they are enabled.
func (g group) bare(t testing.TB, name string) group {
	t.Helper()
	g.memory.dir += "/" + name
	g.cpu.dir += "/" + name
	for _, dir := range g.dirs() {
		require.NoError(t, os.Mkdir(dir, 0o755))
	}
	return g
}

// remove removes g before the test ends.
func (g group) remove(t testing.TB) {
	t.Helper()
	for _, dir := range g.dirs() {
		require.NoError(t, os.Remove(dir))
	}
}

// limitMemory sets the hard limit in MiB.
func (g group) limitMemory(t testing.TB, mib int) {
	t.Helper()
	file := "/memory.max"
	if g.memory.version == cgroup.V1 {
		file = "/memory.limit_in_bytes"
	}
	write(t, g.memory.dir+file, mib<<20)
}

// noSwap makes the memory limit of g and of the groups that are made below it the end.
func (g group) noSwap(t testing.TB) {
	t.Helper()
	file := g.memory.dir + "/memory.swap.max"
	if g.memory.version == cgroup.V1 {
		file = g.memory.dir + "/memory.swappiness"
	}
	if exists(file) {
		write(t, file, 0)
	}
}

// limitCPU sets the quota in percent of a core; 0 is none.
func (g group) limitCPU(t testing.TB, percent int) {
	t.Helper()
	file, none := "/cpu.max", "max"
	if g.cpu.version == cgroup.V1 {
		file, none = "/cpu.cfs_quota_us", "-1"
	}
	if percent == 0 {
		write(t, g.cpu.dir+file, none)
		return
	}
	write(t, g.cpu.dir+file, percent*1000) // of a period of 100 ms, the default
}

func write(t testing.TB, file string, value any) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, fmt.Appendln(nil, value), 0))
}
