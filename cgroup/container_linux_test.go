package cgroup_test

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
)

// views are the two ways in which containers see their group: by the name that the host has for it, or by their own.
var views = []struct {
	name       string
	namespaces int
	path       func(of half) string
}{
	{"namespace of the host", syscall.CLONE_NEWNS, half.path},
	{"namespace of its own", syscall.CLONE_NEWNS | syscall.CLONE_NEWCGROUP, func(half) string { return "/" }},
}

// A container sees its own group only.
func TestRealContainer(t *testing.T) {
	s := needSystem(t)
	for _, view := range views {
		t.Run(view.name, func(t *testing.T) {
			leaf := s.newGroup(t).below(t, "leaf")
			leaf.limitMemory(t, 128)
			leaf.limitCPU(t, 25)
			c := leaf.contained(t, view.namespaces)

			r := c.tell(t, "sample").Sample
			require.Len(t, r.Memory.Levels, 1)
			require.Len(t, r.CPU.Levels, 1)
			require.Equal(t, view.path(leaf.memory), r.Memory.Levels[0].Path)
			require.Equal(t, view.path(leaf.cpu), r.CPU.Levels[0].Path)
			require.Equal(t, uint64(128*mib), r.Memory.Limit)
			require.Equal(t, 0.25, r.CPU.Limit)
			require.Zero(t, r.Unseen&unseenFiles, r.Unseen)
			require.True(t, r.Unseen.Has(cgroup.UnseenAncestors))
		})
	}
}

// A process that is moved out of the group of its container sees no group at all, and not the one that it was in.
func TestRealMovedOutOfContainer(t *testing.T) {
	s := needSystem(t)
	for _, view := range views {
		t.Run(view.name, func(t *testing.T) {
			g := s.newGroup(t)
			inside, outside := g.below(t, "inside"), g.below(t, "outside")
			inside.limitMemory(t, 128)
			c := inside.contained(t, view.namespaces)
			before := c.tell(t, "usage").Usage

			c.move(t, outside)
			a, err := c.try("look")
			require.NoError(t, err)
			require.Contains(t, a.Err, cgroup.ErrHidden.Error())
			require.Zero(t, a.Usage.MemoryLimit)

			c.move(t, inside)
			back := c.tell(t, "look").Usage
			require.Equal(t, uint64(128*mib), back.MemoryLimit)
			require.Greater(t, back.Generation, before.Generation)
		})
	}
}
