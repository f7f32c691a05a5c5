package cgroup_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
)

// needHybrid skips the test where both controllers are in the same version.
func needHybrid(t testing.TB) system {
	t.Helper()
	s := needSystem(t)
	if s.memory.version() == s.cpu.version() {
		t.Skipf("needs memory and cpu in different versions, both are in %s", s.cpu.version())
	}
	return s
}

// Each controller is read where it is, and the pressure in v2.
func TestHybridReadsBoth(t *testing.T) {
	s := needHybrid(t)
	g := s.newGroup(t)
	g.limitMemory(t, 256)
	g.limitCPU(t, 50)
	c := g.below(t, "leaf").joined(t)
	r := c.tell(t, "sample").Sample
	require.Equal(t, s.memory.version(), r.Memory.Version)
	require.Equal(t, s.cpu.version(), r.CPU.Version)
	require.Equal(t, uint64(256*mib), r.Memory.Limit)
	require.Equal(t, 0.5, r.CPU.Limit)
	require.Zero(t, r.Unseen&unseenFiles, r.Unseen)
	require.False(t, r.Unseen.Has(cgroup.UnseenPressure), r.Unseen)
}

// A process can move in one hierarchy and stay where it is in the other.
func TestHybridMovesInOne(t *testing.T) {
	g := needHybrid(t).newGroup(t)
	a, b := g.below(t, "a"), g.below(t, "b")
	for _, leaf := range []group{a, b} {
		leaf.limitMemory(t, 256)
		leaf.limitCPU(t, 50)
	}
	b.limitMemory(t, 128)
	b.limitCPU(t, 25)
	c := a.joined(t)
	before := c.tell(t, "usage").Usage

	c.tell(t, "join %s", b.cpu.dir)
	u := c.tell(t, "look").Usage
	require.Equal(t, 0.25, u.CPULimit)
	require.Equal(t, uint64(256*mib), u.MemoryLimit)
	require.Equal(t, before.Generation+1, u.Generation)

	c.tell(t, "join %s", b.memory.dir)
	u = c.tell(t, "look").Usage
	require.Equal(t, uint64(128*mib), u.MemoryLimit)
	require.Equal(t, before.Generation+2, u.Generation)
}
