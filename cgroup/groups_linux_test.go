package cgroup_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/realgroup"
	"github.com/go-holmes/holmes/internal/testkit"
)

// group is a real group of both controllers: one directory of v2, or two.
type group struct{ memory, cpu half }

// newGroup makes a group for the time of the test. Call it before startChild, so that its processes end first.
func (s system) newGroup(t testing.TB) group {
	t.Helper()
	g := group(s)
	g.memory.dir = makeGroup(t, s.memory.Hierarchy)
	g.cpu.dir = g.memory.dir
	if s.cpu.Mount != s.memory.Mount {
		g.cpu.dir = makeGroup(t, s.cpu.Hierarchy)
	}
	return g
}

func makeGroup(t testing.TB, h realgroup.Hierarchy) string {
	t.Helper()
	dir := testkit.Must(h.Make())(t)
	t.Cleanup(func() { require.NoError(t, realgroup.Remove(dir)) })
	return dir
}

// dirs returns the directories of g.
func (g group) dirs() []string { return slices.Compact([]string{g.memory.dir, g.cpu.dir}) }

// path returns what the kernel calls the group.
func (h half) path() string { return strings.TrimPrefix(h.dir, h.Mount) }

// below makes a group in g, which has the same controllers. No processes may be in g itself then.
func (g group) below(t testing.TB, name string) group {
	t.Helper()
	g.memory.enable(t)
	g.cpu.enable(t)
	return g.bare(t, name)
}

// enable lets groups below have the controller.
func (h half) enable(t testing.TB) {
	t.Helper()
	require.NoError(t, h.Enable(h.dir))
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

// limitMemory sets the hard limit in MiB, and forbids swapping in g and in the groups that are made below it.
func (g group) limitMemory(t testing.TB, mib int) {
	t.Helper()
	require.NoError(t, g.memory.LimitMemory(g.memory.dir, mib<<20))
}

// limitCPU sets the quota in percent of a core; 0 is none.
func (g group) limitCPU(t testing.TB, percent int) {
	t.Helper()
	require.NoError(t, g.cpu.LimitCPU(g.cpu.dir, float64(percent)/100))
}

func write(t testing.TB, file string, value any) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, fmt.Appendln(nil, value), 0))
}
