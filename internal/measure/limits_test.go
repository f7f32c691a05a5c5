package measure_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/procstat"
	"github.com/go-holmes/holmes/internal/testkit"
)

const mib = 1 << 20

// A process is one that tests set as they like.
type process struct {
	memory    procstat.Memory
	available uint64
	err       error // of every reading
}

func (p *process) CPUTime() (time.Duration, error)  { return time.Second, p.err }
func (p *process) Memory() (procstat.Memory, error) { return p.memory, p.err }
func (p *process) HostAvailable() (uint64, error)   { return p.available, p.err }
func (p *process) Threads() (int, error)            { return 8, p.err }
func (p *process) Close() error                     { return p.err }
func holds(n uint64) *process {
	return &process{memory: procstat.Memory{Resident: n * mib, Used: n * mib}}
}

func (p *process) below(rlimit string, r uint64) *process {
	p.memory.Rlimit, p.memory.Room = rlimit, r*mib
	return p
}

// A group is a memory group of v2, in MiB, and a quota. Zero is none.
type group struct{ used, high, limit, cores string }

// tree writes a tree of files with the group /app in it.
func (g group) tree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for path, text := range map[string]string{
		"proc/self/cgroup":                 "0::/app\n",
		"proc/self/mountinfo":              "31 27 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
		"proc/meminfo":                     "MemTotal:       67108864 kB\n",
		"sys/fs/cgroup/app/cgroup.events":  "populated 1\n",
		"sys/fs/cgroup/app/memory.current": g.used + "\n",
		"sys/fs/cgroup/app/memory.stat":    "anon 0\ninactive_file 0\nactive_file 0\n",
		"sys/fs/cgroup/app/memory.max":     g.limit + "\n",
		"sys/fs/cgroup/app/memory.high":    g.high + "\n",
		"sys/fs/cgroup/app/cpu.max":        g.cores + "\n",
	} {
		path = filepath.Join(root, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return root
}

// A host is where a process runs: 64 GiB and 16 cores.
type host struct {
	*process
	group *group
	cores int
	procs int
}

// meter returns the meter of a process after a tick.
func (h host) meter(t *testing.T, c *measure.Config) *measure.Meter {
	t.Helper()
	r := measure.RuntimeReaders()
	r.Process, r.HostMemory, r.Cores, r.GOMAXPROCS = h.process, 64<<30, h.cores, func() int { return h.procs }
	if h.group != nil {
		r.Group = testkit.Must(cgroup.Open(cgroup.WithRoot(h.group.tree(t))))(t)
	}
	m := measure.New(r)
	t.Cleanup(m.Close)
	m.Refresh(time.Second, c)
	return m
}

// 100 % of CPU is the least of what binds the process.
func TestCores(t *testing.T) {
	grouped := measure.Config{CGroup: true}
	quota := &group{"0", "max", "max", "150000 100000"}
	for name, tt := range map[string]struct {
		host   host
		config measure.Config
		want   measure.Limit
	}{
		"nothing but the machine": {host{cores: 16, procs: 16}, grouped, measure.Limit{Value: 16, From: "affinity mask"}},
		"GOMAXPROCS":              {host{cores: 16, procs: 1}, grouped, measure.Limit{Value: 1, From: "GOMAXPROCS"}},
		"affinity":                {host{cores: 2, procs: 16}, grouped, measure.Limit{Value: 2, From: "affinity mask"}},
		"quota":                   {host{group: quota, cores: 16, procs: 2}, grouped, measure.Limit{Value: 1.5, From: "cgroup quota"}},
		"quota above GOMAXPROCS":  {host{group: quota, cores: 16, procs: 1}, grouped, measure.Limit{Value: 1, From: "GOMAXPROCS"}},
		"quota above affinity":    {host{group: quota, cores: 1, procs: 2}, grouped, measure.Limit{Value: 1, From: "affinity mask"}},
		"quota that is left out":  {host{group: quota, cores: 16, procs: 16}, measure.Config{}, measure.Limit{Value: 16, From: "affinity mask"}},
		"option":                  {host{group: quota, cores: 16, procs: 16}, measure.Config{CGroup: true, Cores: 8}, measure.Limit{Value: 8, From: "WithCPUCore"}},
		"option above GOMAXPROCS": {host{group: quota, cores: 16, procs: 2}, measure.Config{CGroup: true, Cores: 8}, measure.Limit{Value: 2, From: "GOMAXPROCS"}},
		"option for GOMAXPROCS":   {host{group: quota, cores: 16, procs: 4}, measure.Config{CGroup: true, GOMAXPROCS: true}, measure.Limit{Value: 4, From: "GOMAXPROCS"}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.host.process = holds(1)
			m := tt.host.meter(t, &tt.config)
			require.Equal(t, tt.want, m.Limits(&tt.config).CPU)
			r, _ := m.Readings(&tt.config)
			require.Equal(t, tt.want, measure.Limit{Value: r.Cores, From: r.CoresFrom})
		})
	}
}

// GOMAXPROCS and the affinity mask may change while the process runs.
func TestCoresChange(t *testing.T) {
	r := measure.RuntimeReaders()
	r.Process = holds(1)
	m := measure.New(r)
	defer m.Close()
	cores := func() float64 {
		m.Refresh(time.Second, &measure.Config{})
		return m.Limits(&measure.Config{}).CPU.Value
	}
	all := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(all)
	require.InDelta(t, 1, cores(), 0)
	runtime.GOMAXPROCS(all)
	require.InDelta(t, min(all, procstat.Cores()), cores(), 0)
}

// 100 % of memory is the least of what binds the process, and the room is what is left
// until something kills it.
func TestMemoryLimit(t *testing.T) {
	const gib = 1024
	grouped := measure.Config{CGroup: true}
	at := func(used, high, limit string) *group { return &group{used, high, limit, "max 100000"} }
	for name, tt := range map[string]struct {
		host          host
		config        measure.Config
		percent, mibs float64
		from          string
		room          uint64 // MiB
	}{
		"the machine": {
			host{process: holds(16 * gib)}, grouped, 25, 64 * gib, "the machine", 48 * gib,
		},
		"a group": {
			host{process: holds(100), group: at("268435456", "max", "1073741824")},
			grouped,
			25, 1 * gib, "memory.max of the cgroup /app", 768,
		},
		"a group that is left out": {
			host{process: holds(16 * gib), group: at("268435456", "max", "1073741824")},
			measure.Config{},
			25, 64 * gib, "the machine", 48 * gib,
		},
		"memory.high, which does not kill": {
			host{process: holds(200), group: at("268435456", "268435456", "1073741824")},
			grouped,
			100, 256, "memory.high of the cgroup /app", 768,
		},
		"memory.high alone": {
			host{process: holds(200), group: at("268435456", "268435456", "max")},
			grouped,
			100, 256, "memory.high of the cgroup /app", 64*gib - 200,
		},
		"a group without a limit": {
			host{process: holds(16 * gib), group: at("68451041280", "max", "max")},
			grouped,
			25, 64 * gib, "the machine", 48 * gib,
		},
		"a group with more than the machine has": {
			host{process: holds(1 * gib), group: at("17179869184", "max", "274877906944")},
			grouped,
			25, 64 * gib, "the machine", 63 * gib,
		},
		"an address space": {
			host{process: holds(300).below("RLIMIT_AS", 100)}, grouped, 75, 400, "RLIMIT_AS", 100,
		},
		"an address space in a group that is fuller": {
			host{process: holds(300).below("RLIMIT_AS", 900), group: at("805306368", "max", "1073741824")},
			grouped,
			75, 1 * gib, "memory.max of the cgroup /app", 256,
		},
		"an address space in a group that is not": {
			host{process: holds(300).below("RLIMIT_DATA", 100), group: at("314572800", "max", "1073741824")},
			grouped,
			75, 400, "RLIMIT_DATA", 100,
		},
		"an option": {
			host{process: holds(100), group: at("268435456", "max", "1073741824")},
			measure.Config{CGroup: true, MemoryLimit: 400 * mib},
			25, 400, "WithMemoryLimit", 768,
		},
		"other processes": {
			host{process: &process{memory: procstat.Memory{Used: 16 * gib * mib}, available: 50 * mib}},
			grouped,
			25, 64 * gib, "the machine", 50,
		},
	} {
		t.Run(name, func(t *testing.T) {
			tt.host.cores, tt.host.procs = 16, 16
			m := tt.host.meter(t, &tt.config)
			percent, limit, err := m.MemPercent(&tt.config)
			require.NoError(t, err)
			require.InDelta(t, tt.percent, percent, 0.01)
			require.InDelta(t, tt.mibs*mib, limit, 0)
			require.Equal(t, measure.Limit{Value: tt.mibs * mib, From: tt.from}, m.Limits(&tt.config).Memory)
			require.Equal(t, m.Limits(&tt.config).Memory, m.Limits(&tt.config).Heap)
			r, room := m.Readings(&tt.config)
			require.Equal(t, tt.from, r.MemoryLimitFrom)
			require.Equal(t, tt.room, room/mib)

			between, err := m.MemoryNow(&tt.config, 2*time.Second)
			require.NoError(t, err)
			require.InDelta(t, tt.mibs*mib, float64(between.Limit), 0)
			require.Equal(t, tt.room, between.Room/mib)
		})
	}
}

// A heap that was never touched is not in memory. Where it is not known what is, all of
// the live heap counts, and the other signals fail.
func TestLiveHeapInMemory(t *testing.T) {
	ballast := make([]byte, 64*mib)
	runtime.GC()
	config := measure.Config{MemoryLimit: 256 * mib}
	percent := func(p *process) float64 {
		value, _, err := host{process: p}.meter(t, &config).HeapPercent(&config)
		require.NoError(t, err)
		return value
	}
	require.Greater(t, percent(holds(100)), 25.0)
	require.InDelta(t, 100*10.0/256, percent(holds(10)), 0.01)

	hidden := &process{err: errors.New("/proc is hidden")}
	require.Greater(t, percent(hidden), 25.0)
	m := host{process: hidden}.meter(t, &config)
	require.ErrorIs(t, testkit.Err(m.Threads()), hidden.err)
	_, _, err := m.CPUPercent(&config)
	require.ErrorIs(t, err, hidden.err)
	_, _, err = m.MemPercent(&config)
	require.ErrorIs(t, err, hidden.err)
	_, room := m.Readings(&config)
	require.Positive(t, room)
	runtime.KeepAlive(ballast)
}

// Without any limit there is no percentage.
func TestNoLimitIsKnown(t *testing.T) {
	r := measure.RuntimeReaders()
	r.Process = holds(10)
	m := measure.New(r)
	defer m.Close()
	var config measure.Config
	m.Refresh(time.Second, &config)
	_, _, err := m.MemPercent(&config)
	require.ErrorContains(t, err, "no memory limit is known")
	_, _, err = m.HeapPercent(&config)
	require.ErrorContains(t, err, "no memory limit is known")
	_, room := m.Readings(&config)
	require.Equal(t, uint64(math.MaxUint64), room)
}
