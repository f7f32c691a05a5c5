package holmes_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

// Limits are found in cgroup v2 and in v1 without a quota, on a parent group too.
func TestAnyCgroupLayoutIsWatched(t *testing.T) {
	const stat = "anon 0\ninactive_file 0\nactive_file 0\nslab_reclaimable 0\n"
	for name, c := range map[string]struct {
		files  map[string]string
		memory float64 // percent, of 400 MiB used
		cores  float64 // or the affinity mask, if that is less
	}{
		"v2, limits on the parent only": {
			map[string]string{
				"proc/self/cgroup":                     "0::/pod/app\n",
				"proc/self/mountinfo":                  "31 27 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
				"sys/fs/cgroup/pod/memory.max":         "524288000\n",
				"sys/fs/cgroup/pod/memory.current":     "419430400\n",
				"sys/fs/cgroup/pod/memory.stat":        stat,
				"sys/fs/cgroup/pod/cpu.max":            "150000 100000\n",
				"sys/fs/cgroup/pod/app/memory.max":     "max\n",
				"sys/fs/cgroup/pod/app/memory.current": "419430400\n",
				"sys/fs/cgroup/pod/app/memory.stat":    stat,
				"sys/fs/cgroup/pod/app/cpu.max":        "max 100000\n",
			}, 80, 1.5,
		},
		"v1 without a quota": {
			map[string]string{
				"proc/self/cgroup":                               "4:memory:/app\n3:cpu,cpuacct:/app\n",
				"proc/self/mountinfo":                            "31 27 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n32 27 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n",
				"sys/fs/cgroup/memory/app/memory.limit_in_bytes": "524288000\n",
				"sys/fs/cgroup/memory/app/memory.usage_in_bytes": "419430400\n",
				"sys/fs/cgroup/memory/app/memory.stat":           "total_inactive_file 0\ntotal_active_file 0\n",
				"sys/fs/cgroup/cpu/app/cpu.cfs_quota_us":         "-1\n",
				"sys/fs/cgroup/cpu/app/cpu.cfs_period_us":        "100000\n",
				"sys/fs/cgroup/memory/memory.limit_in_bytes":     "9223372036854771712\n",
				"sys/fs/cgroup/memory/memory.usage_in_bytes":     "419430400\n",
				"sys/fs/cgroup/memory/memory.use_hierarchy":      "1\n",
				"sys/fs/cgroup/memory/app/memory.use_hierarchy":  "1\n",
				"sys/fs/cgroup/cpu/app/cpu.stat":                 "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n",
				"sys/fs/cgroup/cpu/cpu.cfs_quota_us":             "-1\n",
				"sys/fs/cgroup/cpu/cpu.cfs_period_us":            "100000\n",
			}, 80, 1e9,
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for path, text := range c.files {
				path = filepath.Join(root, path)
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
				require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
			}
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				require.NoError(t, l.host.LiveIn(l.Holmes, root))
				l.run(t)
				seconds(120)
				require.EqualValues(t, 120, l.Stats().Ticks)
				require.InDelta(t, c.memory, signal(l.Holmes, holmes.SignalMem).Value, 0.01)
				require.InDelta(t, min(c.cores, float64(runtime.NumCPU())), signal(l.Holmes, holmes.SignalCPU).Limit, 0)
				require.NoError(t, signal(l.Holmes, holmes.SignalCPU).Err)
			})
		})
	}
}
