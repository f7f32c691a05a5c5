package holmes

import (
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/internal/procstat"
	"github.com/go-holmes/holmes/internal/supervise"
)

// A meter takes the built-in readings, once a tick, into fields that all
// built-in signals then read. It keeps files open and buffers allocated, so
// that a tick costs a handful of system calls and no allocation.
type meter struct {
	mu    sync.Mutex // held to write, and by others than the tick's goroutine to look
	proc  process
	group group // nil where there is none
	heap  *heap

	memoryState             // as of the tick
	between     memoryState // as of the memory watcher's last look
	strain      strain      // of the tick's goroutine, without the lock

	hostMemory uint64
	affinity   int
	ticks      uint64

	before       time.Duration // the reading before this one
	cpu, cpuLast time.Duration
	threads      int

	cpuErr, threadErr error
}

// process and group are the readers that a meter uses, so that tests can put
// others in their place.
type (
	process interface {
		CPUTime() (time.Duration, error)
		RSS() (uint64, error)
		HostAvailable() (uint64, error)
		Threads() (int, error)
		Close() error
	}
	group interface {
		Usage(u *cgroup.Usage) error
		Sample(s *cgroup.Sample) error
		Close() error
	}
)

// affinityEvery is how many ticks pass between two looks at the affinity mask.
const affinityEvery = 16

var errOneReading = errors.New("a rate needs two readings")

func openMeter(log *supervise.Log) *meter {
	m := newMeter()
	proc, err := procstat.Open()
	if err != nil {
		log.Warnf("some readings of the process are not available: %v", err)
	}
	m.proc = proc
	if m.hostMemory, err = procstat.HostMemory(); err != nil {
		log.Warnf("memory of the host is not known: %v", err)
	}
	if g, err := cgroup.Open(); err == nil {
		m.group = g
	} else {
		log.Infof("no cgroup limits, the host's are used: %v", err)
	}
	return m
}

func newMeter() *meter {
	return &meter{affinity: procstat.Cores(), heap: newHeap(), strain: newStrain()}
}

func (m *meter) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heap.close()
	_ = m.proc.Close() // read-only files
	if m.group != nil {
		_ = m.group.Close()
	}
}

// refresh takes all readings that a tick needs. A reading that fails leaves its
// error to the signals that need it.
func (m *meter) refresh(now time.Duration, c *config) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before = m.at
	m.cpuLast = m.cpu
	m.cpu, m.cpuErr = m.proc.CPUTime()
	m.memoryState.refresh(m, now, c)
	m.rss, m.rssErr = m.proc.RSS()
	m.threads, m.threadErr = m.proc.Threads()
	if m.ticks%affinityEvery == affinityEvery-1 {
		m.affinity = procstat.Cores()
	}
	m.ticks++
	m.heap.refresh()
}

// cores is what CPU percent is of.
func (m *meter) cores(c *config) float64 {
	switch {
	case c.cores > 0:
		return c.cores
	case c.goProcCores:
		return float64(runtime.GOMAXPROCS(0))
	}
	if q := m.usage.CPULimit; q > 0 && m.grouped {
		return min(q, float64(m.affinity))
	}
	return float64(m.affinity)
}

// look returns what an event wants to know, to any goroutine.
func (m *meter) look(c *config) (r Readings, room uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	newest := &m.memoryState
	if m.between.at > newest.at {
		newest = &m.between
	}
	return m.readings(c), newest.room()
}

// share is how many cores the process may use, to any goroutine.
func (m *meter) share(c *config) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cores(c)
}

func (m *meter) cpuPercent(c *config) (value, limit float64, err error) {
	if m.cpuErr != nil {
		return 0, 0, m.cpuErr
	}
	if m.ticks < 2 {
		return 0, 0, errOneReading
	}
	cores := m.cores(c)
	return cgroup.CPUPercent(m.cpu-m.cpuLast, m.at-m.before, cores), cores, nil
}

func (m *meter) memPercent(c *config) (value, limit float64, err error) {
	used, bytes, err := m.memory(c)
	if err != nil {
		return 0, 0, err
	}
	if bytes == 0 {
		return 0, 0, errors.New("no memory limit is known")
	}
	return cgroup.Percent(used, bytes), float64(bytes), nil
}

// heapPercent is of the limit that the collector has to stay under: GOMEMLIMIT
// counts when it is the lower one. The live heap is what the last collection
// found, so neither GOGC nor the moment within a cycle changes it.
func (m *meter) heapPercent(c *config) (value, limit float64, err error) {
	_, bytes, err := m.memory(c)
	if err != nil {
		return 0, 0, err
	}
	if soft := m.heap.limit; bytes == 0 || soft < bytes {
		bytes = soft
	}
	return cgroup.Percent(m.heap.live, bytes), float64(bytes), nil
}

func (m *meter) goroutineCount(*config) (value, limit float64, err error) {
	return float64(runtime.NumGoroutine()), 0, nil
}

func (m *meter) threadCount(*config) (value, limit float64, err error) {
	return float64(m.threads), 0, m.threadErr
}

// readings is what an event says of the state around it: as of the last tick,
// and of the collector as of now.
func (m *meter) readings(c *config) Readings {
	r := Readings{
		Cores: m.cores(c), RSS: m.rss, MemoryScope: "cgroup",
		Goroutines: runtime.NumGoroutine(), Threads: m.threads,
	}
	m.heap.describe(&r)
	r.CPUPercent, _, _ = m.cpuPercent(c) // 0 stands for not measured
	r.MemoryUsed, r.MemoryLimit, _ = m.memory(c)
	if m.ownMemory(c) {
		r.MemoryScope = "process"
	}
	return r
}
