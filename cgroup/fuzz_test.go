package cgroup

import (
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// These texts are seeds for several targets.
const (
	seedMembership = "12:pids:/docker/x\n5:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n1:name=systemd:/\n0::/system.slice/a:b.service\n"
	seedMounts     = "22 27 0:21 / /proc rw - proc proc rw\n" +
		"35 31 0:32 /docker/x /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n" +
		"36 31 0:32 / /sys/fs/cgroup/cpu\\054cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n" +
		"41 31 0:38 /../.. /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n"
	seedStat = "anon 1\nfile 2\nkernel 3\nshmem 4\ninactive_file 5\nactive_file 6\nslab_reclaimable 7\n" +
		"hierarchical_memory_limit 8\ntotal_rss 9\ntotal_shmem 10\ntotal_inactive_file 11\ntotal_active_file 12\n"
	seedPressure = "some avg10=0.18 avg60=0.99 avg300=1.15 total=7022731\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
)

func FuzzMembership(f *testing.F) {
	f.Add(seedMembership)
	f.Add("0::/../x\n\n::\n3::/")
	f.Fuzz(func(t *testing.T, text string) {
		for controller, group := range parseMembership([]byte(text)) {
			require.True(t, strings.HasPrefix(group, "/"), "%q", group)
			require.NotContains(t, group, "\n")
			require.Contains(t, text, ":"+group+"\n")
			require.Contains(t, text, controller)
		}
	})
}

func FuzzMounts(f *testing.F) {
	f.Add(seedMounts)
	f.Add("1 1 0:1 /\\777 /\\057\\056\\056 - - - cgroup2 - -\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, m := range parseMounts([]byte(text)) {
			require.NotEqual(t, VersionNone, m.version)
			require.True(t, strings.HasPrefix(m.root, "/"), "%q", m.root)
			require.True(t, strings.HasPrefix(m.point, "/"), "%q", m.point)
			require.Equal(t, path.Clean(m.point), m.point)
		}
	})
}

// FuzzLocate: whatever the two files say, no directory leaves the mount point.
func FuzzLocate(f *testing.F) {
	f.Add(seedMembership, seedMounts)
	f.Add("0::/..\n", "1 1 0:1 / / rw - cgroup2 cgroup2 rw\n")
	f.Add("4:memory:/../x/y\n", "1 1 0:1 /.. /m rw - cgroup cgroup rw,memory\n")
	f.Fuzz(func(t *testing.T, self, mountinfo string) {
		members, mounts := parseMembership([]byte(self)), parseMounts([]byte(mountinfo))
		for _, controller := range []string{"memory", "cpu", "cpuacct", ""} {
			locations, err := locate(members, mounts, controller)
			require.Equal(t, err == nil, len(locations) > 0)
			for _, p := range locations {
				requireInside(t, p)
			}
		}
	})
}

func requireInside(t *testing.T, p *location) {
	t.Helper()
	levels, more := p.levels()
	require.NotEmpty(t, levels)
	require.LessOrEqual(t, len(levels), maxLevels)
	point := strings.TrimSuffix(p.point, "/")
	for i, l := range levels {
		require.True(t, l.dir == point || strings.HasPrefix(l.dir, point+"/"), "%q leaves %q", l.dir, p.point)
		require.True(t, l.dir == "" || path.Clean(l.dir) == l.dir, "%q", l.dir)
		require.True(t, strings.HasPrefix(l.path, "/"), "%q", l.path)
		if i > 0 {
			name, below := strings.CutPrefix(levels[i-1].dir, l.dir+"/")
			require.True(t, below && !strings.Contains(name, "/"), "%q is not the parent of %q", l.dir, levels[i-1].dir)
		}
	}
	if !more {
		require.Equal(t, point, levels[len(levels)-1].dir)
	}
}

func FuzzLimit(f *testing.F) {
	for _, s := range []string{"max\n", "-1\n", "0\n", "536870912\n", "9223372036854771712\n", "18446744073709551616\n", "1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, ok := limit([]byte(text))
		require.Less(t, n, uint64(unlimited))
		if !ok {
			require.Zero(t, n)
			return
		}
		require.True(t, strings.HasSuffix(text, "\n"))
	})
}

func FuzzMemoryStat(f *testing.F) {
	f.Add(seedStat, uint64(100), true)
	f.Add(seedStat, uint64(5), false)
	f.Add("inactive_file 18446744073709551615\nactive_file 18446744073709551615\n", uint64(1), false)
	f.Fuzz(func(t *testing.T, text string, usage uint64, v1 bool) {
		l := memoryLevel{MemoryLevel: MemoryLevel{Usage: usage}, version: V2, top: true}
		if v1 {
			l.version = V1
		}
		l.takeStat([]byte(text))
		require.LessOrEqual(t, l.Used(), usage)
		require.Less(t, l.Limit(), uint64(unlimited))
	})
}

func FuzzEvents(f *testing.F) {
	f.Add("low 0\nhigh 0\nmax 0\noom 1\noom_kill 2\noom_group_kill 0\n")
	f.Add("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n")
	f.Fuzz(func(t *testing.T, text string) {
		var l memoryLevel
		if !l.takeEvents([]byte(text)) {
			require.Zero(t, l.OOMKills)
		}
	})
}

func FuzzCPU(f *testing.F) {
	f.Add("50000 100000\n", "50000\n", "100000\n", "usage_usec 1\nnr_periods 2\nnr_throttled 3\nthrottled_usec 4\n", "123\n")
	f.Add("max 100000\n", "-1\n", "0\n", "nr_periods 2\nnr_throttled 3\nthrottled_time 18446744073709551615\n", "")
	f.Fuzz(func(t *testing.T, most, quota, period, stat, used string) {
		var v2, v1 cpuLevel
		v2.takeMax([]byte(most))
		v2.takeStat([]byte(stat))
		v1.takeQuota([]byte(quota))
		v1.takePeriod([]byte(period))
		v1.takeUsed([]byte(used))
		for _, l := range []*cpuLevel{&v1, &v2} {
			require.GreaterOrEqual(t, l.Quota, 0.0) // and so a number
			require.LessOrEqual(t, l.Quota, 1e20)
			require.GreaterOrEqual(t, l.Used, 0*l.Used)
			require.GreaterOrEqual(t, l.ThrottledTime, 0*l.Used)
		}
	})
}

func FuzzPressure(f *testing.F) {
	f.Add(seedPressure)
	f.Add("some avg10=NaN avg60=-1.00 avg300=1e9 total=99999999999999999999\n")
	f.Fuzz(func(t *testing.T, text string) {
		var p Pressure
		p.take([]byte(text))
		for _, s := range []Stall{p.Some, p.Full} {
			for _, avg := range []float64{s.Avg10, s.Avg60, s.Avg300} {
				require.GreaterOrEqual(t, avg, 0.0)
				require.LessOrEqual(t, avg, 1e20)
			}
			require.GreaterOrEqual(t, s.Total, 0*s.Total)
		}
	})
}
