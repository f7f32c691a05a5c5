package cgroup_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
)

// callsPerLevel is the promise of Reader.Usage: any change is seen after that many calls for each level.
const callsPerLevel = 8

// callsUntil calls Usage until it says what is wanted, and returns how often.
func callsUntil(t *testing.T, r *cgroup.Reader, seen func(u cgroup.Usage) bool) int {
	t.Helper()
	const tooMany = 1000
	for n := 1; n < tooMany; n++ {
		if seen(usage(t, r)) {
			return n
		}
	}
	t.Fatal("the change is never seen")
	return tooMany
}

// Limits that change while the process runs are seen within a bounded number of calls, at all levels and in all files.
func TestLimitsChangeWhileRunning(t *testing.T) {
	const leaf = "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod7a.slice/cri-containerd-3fb7c1d0a9e8.scope"
	for _, tt := range []struct {
		name, fixture, file, text string
		levels                    int
		seen                      func(u cgroup.Usage) bool
	}{
		{
			"leaf gets memory.max", "k8s-v2-pod-limit", leaf + "/memory.max", "629145600\n", 5,
			func(u cgroup.Usage) bool { return u.MemoryLimit == 600<<20 && u.MemoryLevel == 0 },
		},
		{
			"leaf gets memory.high", "k8s-v2-pod-limit", leaf + "/memory.high", "629145600\n", 5,
			func(u cgroup.Usage) bool {
				return u.MemoryLimit == 600<<20 && u.MemoryLevel == 0 && u.MemoryFile == "memory.high" &&
					u.MemoryRoom == (1024-600)<<20 // what the pod's memory.max leaves
			},
		},
		{
			"pod loses memory.max", "k8s-v2-pod-limit", "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod7a.slice/memory.max",
			"max\n", 5,
			func(u cgroup.Usage) bool { return u.MemoryLimit == 14<<30 && u.MemoryLevel == 3 },
		},
		{
			"another level runs full", "k8s-v2-pod-limit", "kubepods.slice/memory.current", "15032385536\n", 5,
			func(u cgroup.Usage) bool { return u.MemoryLevel == 3 && u.MemoryUsed == 14<<30 },
		},
		{
			"leaf gets cpu.max", "k8s-v2-pod-limit", leaf + "/cpu.max", "25000 100000\n", 5,
			func(u cgroup.Usage) bool { return u.CPULimit == 0.25 },
		},
		{
			"pod loses cpu.max", "k8s-v2-pod-limit", "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod7a.slice/cpu.max",
			"max 100000\n", 5,
			func(u cgroup.Usage) bool { return u.CPULimit == 0 },
		},
		{
			"v1 memory", "k8s-v1-container-limit", "memory/kubepods/burstable/pod7a/c1/memory.limit_in_bytes", "209715200\n", 5,
			func(u cgroup.Usage) bool { return u.MemoryLimit == 200<<20 },
		},
		{
			"v1 hidden pod", "k8s-v1-pod-limit", "memory/memory.stat",
			"total_inactive_file 0\ntotal_active_file 0\nhierarchical_memory_limit 2147483648\n", 1,
			func(u cgroup.Usage) bool { return u.MemoryLimit == 2<<30 },
		},
		{
			"v1 quota", "k8s-v1-container-limit", "cpu,cpuacct/kubepods/burstable/pod7a/c1/cpu.cfs_quota_us", "50000\n", 5,
			func(u cgroup.Usage) bool { return u.CPULimit == 0.5 },
		},
		{
			"v1 quota gone", "docker-v1-hostns", "cpu,cpuacct/cpu.cfs_quota_us", "-1\n", 1,
			func(u cgroup.Usage) bool { return u.CPULimit == 0 },
		},
		{
			"v1 period", "k8s-v1-container-limit", "cpu,cpuacct/kubepods/burstable/pod7a/c1/cpu.cfs_period_us", "50000\n", 5,
			func(u cgroup.Usage) bool { return u.CPULimit == 0.5 },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root, r := openFixture(t, tt.fixture)
			before := usage(t, r)
			require.False(t, tt.seen(before))

			root.set(t, "sys/fs/cgroup/"+tt.file, tt.text)
			require.LessOrEqual(t, callsUntil(t, r, tt.seen), callsPerLevel*tt.levels)
			require.Equal(t, before.Generation, usage(t, r).Generation, "nothing moved")
		})
	}
}

// The usage of the level that binds is read at every call.
func TestUsageIsFresh(t *testing.T) {
	root, r := openFixture(t, "docker-v2")
	for mib := uint64(300); mib < 310; mib++ {
		root.set(t, "sys/fs/cgroup/memory.current", bytesLine(mib<<20))
		require.Equal(t, (mib-35)<<20, usage(t, r).MemoryUsed) // 35 MiB are cache
	}
}

// Usage that goes up and down does not jump by the page cache, whether memory.stat was read or not.
func TestUsageIsSmooth(t *testing.T) {
	root, r := openFixture(t, "docker-v2")
	for _, mib := range []uint64{300, 304, 257, 256, 255, 200, 256, 447, 449, 500, 501, 511} {
		root.set(t, "sys/fs/cgroup/memory.current", bytesLine(mib<<20))
		u := usage(t, r)
		require.False(t, u.MemoryRaw)
		require.Equal(t, (mib-35)<<20, u.MemoryUsed) // 35 MiB are cache
	}
}

// memory.stat is read where it matters: at every call when the level is nearly full or when the usage moved, else in
// rotation. docker-v2 has a limit of 512 MiB.
func TestCacheIsSeen(t *testing.T) {
	for _, tt := range []struct {
		name          string
		before, after uint64 // usage in MiB
		calls         int
	}{
		{"little is used", 200, 200, callsPerLevel},
		{"much is used", 440, 440, callsPerLevel},
		{"nearly full", 449, 449, 1},
		{"moved up", 200, 209, 1},
		{"moved down", 440, 431, 1},
		{"moved a little", 200, 207, callsPerLevel},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := newTree(t, "docker-v2")
			root.set(t, "sys/fs/cgroup/memory.current", bytesLine(tt.before<<20))
			r := openTree(t, root, nil)
			usage(t, r) // reads memory.max in rotation
			usage(t, r) // memory.stat, so that its turn is over

			root.set(t, "sys/fs/cgroup/memory.current", bytesLine(tt.after<<20))
			root.set(t, "sys/fs/cgroup/memory.stat", "anon 0\ninactive_file "+bytesLine(60<<20)+"active_file 0\nslab_reclaimable 0\n")
			calls := callsUntil(t, r, func(u cgroup.Usage) bool { return u.MemoryUsed == (tt.after-60)<<20 })
			require.LessOrEqual(t, calls, tt.calls)
			require.Equal(t, tt.calls == 1, calls == 1, "read at once")
		})
	}
}

// A level that looks full because of its cache is read in the rotation, and does not bind for long.
func TestCacheOfParentDoesNotBind(t *testing.T) {
	root := newTree(t, "parent-full-of-cache")
	root.set(t, "sys/fs/cgroup/parent/memory.current", bytesLine(100<<20))
	r := openTree(t, root, nil)
	require.Equal(t, 0, usage(t, r).MemoryLevel)

	root.set(t, "sys/fs/cgroup/parent/memory.current", bytesLine(1000<<20))
	for range 2 * callsPerLevel {
		usage(t, r)
	}
	u := usage(t, r)
	require.Equal(t, 0, u.MemoryLevel)
	require.Equal(t, uint64(95<<20), u.MemoryUsed)
}

// The parts of the usage are read one after the other, and may add up to more than it.
func TestFigureIsNeverNegative(t *testing.T) {
	root, r := openFixture(t, "docker-v2")
	root.set(t, "sys/fs/cgroup/memory.stat", "inactive_file 536870912\nactive_file 536870912\n")
	s := sample(t, r)
	require.Zero(t, s.Memory.Levels[0].Used())
	require.Zero(t, usage(t, r).MemoryUsed)
}

// A limit that becomes unreadable has not gone: the last one stays, with a flag.
func TestUnreadableLimitStays(t *testing.T) {
	root, r := openFixture(t, "docker-v2")
	root.set(t, "sys/fs/cgroup/memory.max", "")
	root.set(t, "sys/fs/cgroup/cpu.max", "")
	s := sample(t, r)
	require.Equal(t, uint64(512<<20), s.Memory.Limit)
	require.Equal(t, 0.5, s.CPU.Limit)
	require.True(t, s.Unseen.Has(cgroup.UnseenMemoryLimit))
	require.True(t, s.Unseen.Has(cgroup.UnseenCPULimit))

	root.set(t, "sys/fs/cgroup/memory.max", "1073741824\n")
	s = sample(t, r)
	require.Equal(t, uint64(1<<30), s.Memory.Limit)
	require.False(t, s.Unseen.Has(cgroup.UnseenMemoryLimit))
}
