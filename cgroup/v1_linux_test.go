package cgroup_test

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
)

// v1 tells the limit of groups that a container cannot see, such as that of a pod.
func TestV1MemoryLimitAboveContainer(t *testing.T) {
	g := needVersions(t, cgroup.V1, cgroup.VersionNone).newGroup(t)
	g.limitMemory(t, 256)
	c := g.below(t, "leaf").contained(t, syscall.CLONE_NEWNS)
	require.Equal(t, uint64(256*mib), c.tell(t, "usage").Usage.MemoryLimit)

	m := c.tell(t, "sample").Sample.Memory
	require.Len(t, m.Levels, 1)
	require.Equal(t, uint64(256*mib), m.Levels[0].Inherited)
	require.Zero(t, m.Levels[0].Max)

	g.limitMemory(t, 128)
	c.usageUntil(t, 1, func(u cgroup.Usage) bool { return u.MemoryLimit == 128*mib })
}
