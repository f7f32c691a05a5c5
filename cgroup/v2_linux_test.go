package cgroup_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
)

// On the whole way to the root of v2 nothing is missing.
func TestV2SeesAll(t *testing.T) {
	g := needVersions(t, cgroup.V2, cgroup.V2).newGroup(t)
	c := g.below(t, "leaf").joined(t)
	s := c.tell(t, "sample").Sample
	require.Zero(t, s.Unseen&^cgroup.UnseenPressure&^cgroup.UnseenAncestors, s.Unseen)
}

// memory.high counts as a limit, and the smaller of both is the limit. What the kernel leaves until it kills goes by
// memory.max.
func TestV2MemoryHigh(t *testing.T) {
	g := needVersions(t, cgroup.V2, cgroup.VersionNone).newGroup(t)
	g.limitMemory(t, 128)
	write(t, g.memory.dir+"/memory.high", 96*mib)
	c := g.joined(t)
	u := c.tell(t, "usage").Usage
	require.Equal(t, uint64(96*mib), u.MemoryLimit)
	require.Equal(t, "memory.high", u.MemoryFile)
	require.Equal(t, uint64(128*mib)-u.MemoryUsed, u.MemoryRoom)
	l := c.tell(t, "sample").Sample.Memory.Levels[0]
	require.Equal(t, []uint64{96 * mib, 128 * mib}, []uint64{l.High, l.Max})

	write(t, g.memory.dir+"/memory.high", "max")
	c.usageUntil(t, 1, func(u cgroup.Usage) bool { return u.MemoryLimit == 128*mib })
}

// A controller is switched on and off for a group while a process is in it. What the process took before stays with the
// parent.
func TestV2MemorySwitched(t *testing.T) {
	g := needVersions(t, cgroup.V2, cgroup.VersionNone).newGroup(t)
	g.limitMemory(t, 256)
	leaf := g.bare(t, "leaf")
	c := leaf.joined(t)
	before := c.tell(t, "usage").Usage
	require.Equal(t, uint64(256*mib), before.MemoryLimit)

	g.memory.enable(t)
	leaf.limitMemory(t, 64)
	c.tell(t, "hold 32")
	u := c.usageUntil(t, 3, func(u cgroup.Usage) bool { return u.MemoryLimit == 64*mib })
	require.Equal(t, before.Generation+1, u.Generation)

	write(t, g.memory.dir+"/cgroup.subtree_control", "-memory")
	u = c.usageUntil(t, 3, func(u cgroup.Usage) bool { return u.MemoryLimit == 256*mib })
	require.Equal(t, before.Generation+2, u.Generation)
}

// A group of threads has no memory of its own: that is counted at the group that its processes belong to.
func TestV2ThreadedGroup(t *testing.T) {
	g := needVersions(t, cgroup.V2, cgroup.V2).newGroup(t)
	g.limitMemory(t, 256)
	g.cpu.enable(t)
	threads := g.bare(t, "threads")
	write(t, threads.cpu.dir+"/cgroup.type", "threaded")
	threads.limitCPU(t, 25)
	c := g.joined(t)
	c.join(t, threads)
	r := c.tell(t, "sample").Sample
	require.Equal(t, threads.cpu.path(), r.CPU.Levels[0].Path)
	require.Equal(t, 0.25, r.CPU.Limit)
	require.Equal(t, g.memory.path(), r.Memory.Levels[0].Path)
	require.Equal(t, uint64(256*mib), r.Memory.Limit)
	require.Zero(t, r.Unseen&unseenFiles, r.Unseen)
}

// The root group has neither limits nor a usage of its own.
func TestV2RootGroup(t *testing.T) {
	s := needVersions(t, cgroup.V2, cgroup.V2)
	c := startChild(t)
	c.tell(t, "join %s", s.memory.Mount)
	c.tell(t, "open")
	r := c.tell(t, "sample").Sample
	require.Empty(t, r.Memory.Levels)
	require.NoError(t, r.Memory.Err)
	require.Zero(t, r.Memory.Limit)
	require.Zero(t, r.CPU.Limit)
	require.Positive(t, r.CPU.Levels[0].Used)
	require.Equal(t, cgroup.UnseenMemory, r.Unseen&^cgroup.UnseenPressure, r.Unseen)

	u := c.tell(t, "usage").Usage
	require.Zero(t, u.MemoryLimit)
	require.Zero(t, u.MemoryUsed)
}

// The quota is hidden above the namespace, and slows the process down all the same.
func TestV2PressureTellsHiddenQuota(t *testing.T) {
	g := needVersions(t, cgroup.VersionNone, cgroup.V2).newGroup(t)
	g.limitCPU(t, 10)
	c := g.below(t, "leaf").contained(t, syscall.CLONE_NEWNS|syscall.CLONE_NEWCGROUP)
	before := c.tell(t, "sample").Sample
	if before.Unseen.Has(cgroup.UnseenPressure) {
		t.Skip("needs pressure stall information")
	}
	c.tell(t, "burn 30")
	after := c.tell(t, "sample").Sample
	require.Zero(t, after.CPU.Limit)
	require.Greater(t, after.CPU.Pressure.Some.Total-before.CPU.Pressure.Some.Total, 50*time.Millisecond)
}

// Pressure stall information can be switched off for a group, which removes its files. That is not the end of the others.
func TestV2PressureSwitchedOff(t *testing.T) {
	g := needVersions(t, cgroup.VersionNone, cgroup.V2).newGroup(t)
	g.limitCPU(t, 50)
	if !exists(g.cpu.dir + "/cgroup.pressure") {
		t.Skip("needs pressure stall information that can be switched off")
	}
	c := g.joined(t)
	before := c.tell(t, "sample").Sample
	require.False(t, before.Unseen.Has(cgroup.UnseenPressure))
	write(t, g.cpu.dir+"/cgroup.pressure", 0)
	after := c.tell(t, "sample").Sample
	require.True(t, after.Unseen.Has(cgroup.UnseenPressure))
	require.Equal(t, 0.5, after.CPU.Limit)
	require.LessOrEqual(t, after.Generation, before.Generation+1)
	require.Equal(t, after.Generation, c.tell(t, "sample").Sample.Generation)
}
