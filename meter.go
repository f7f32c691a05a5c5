package holmes

import (
	"errors"
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/internal/procstat"
)

// A meter takes the built-in readings, once a tick, into fields that all
// built-in signals then read. It keeps files open and buffers allocated, so
// that a tick costs a handful of system calls and no allocation.
type meter struct {
	mu    sync.Mutex // held by refresh, and by others than the tick's goroutine to look
	proc  process
	group group // nil where there is none
	usage cgroup.Usage
	heap  *heap

	strain strain // of the tick's goroutine, without the lock

	hostMemory uint64
	affinity   int
	ticks      uint64

	at, before   time.Duration // of this reading and the one before it
	cpu, cpuLast time.Duration
	rss          uint64
	threads      int

	cpuErr, rssErr, groupErr, threadErr error
}

// process and group are the readers that a meter uses, so that tests can put
// others in their place.
type (
	process interface {
		CPUTime() (time.Duration, error)
		RSS() (uint64, error)
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

func openMeter(log *logbook) *meter {
	m := newMeter()
	proc, err := procstat.Open()
	if err != nil {
		log.warnf("some readings of the process are not available: %v", err)
	}
	m.proc = proc
	if m.hostMemory, err = procstat.HostMemory(); err != nil {
		log.warnf("memory of the host is not known: %v", err)
	}
	if g, err := cgroup.Open(); err == nil {
		m.group = g
	} else {
		log.infof("no cgroup limits, the host's are used: %v", err)
	}
	return m
}

func newMeter() *meter {
	return &meter{affinity: procstat.Cores(), heap: newHeap(), strain: newStrain()}
}

func (m *meter) close() {
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
	m.before, m.at = m.at, now
	m.cpuLast = m.cpu
	m.cpu, m.cpuErr = m.proc.CPUTime()
	if m.group != nil && c.useCGroup {
		m.groupErr = m.group.Usage(&m.usage)
	}
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
	if q := m.usage.CPULimit; q > 0 && m.grouped(c) {
		return min(q, float64(m.affinity))
	}
	return float64(m.affinity)
}

func (m *meter) grouped(c *config) bool { return m.group != nil && c.useCGroup && m.groupErr == nil }

// ownMemory reports whether memory is the process's own, not the group's:
// because the user set the limit, or because no group has one.
func (m *meter) ownMemory(c *config) bool {
	return c.memoryLimit > 0 || !m.grouped(c) || m.usage.MemoryLimit == 0
}

// memory is the pair that memory percent compares, in bytes.
func (m *meter) memory(c *config) (used, limit uint64, err error) {
	switch {
	case c.memoryLimit > 0:
		return m.rss, c.memoryLimit, m.rssErr
	case m.ownMemory(c):
		return m.rss, m.hostMemory, m.rssErr
	default:
		return m.usage.MemoryUsed, m.usage.MemoryLimit, nil
	}
}

// look returns what an event wants to know, to any goroutine.
func (m *meter) look(c *config) (r Readings, room uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.readings(c), m.room(c)
}

// room is how much more memory can be used before the kernel kills. The
// user's own limit kills nobody and does not count.
func (m *meter) room(c *config) uint64 {
	used, limit := m.rss, m.hostMemory
	if !m.ownMemory(c) || (m.grouped(c) && m.usage.MemoryLimit > 0) {
		used, limit = m.usage.MemoryUsed, m.usage.MemoryLimit
	}
	switch {
	case limit == 0:
		return math.MaxUint64 // not known, so nothing is refused for it
	case used >= limit:
		return 0
	default:
		return limit - used
	}
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
