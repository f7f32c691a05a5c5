package measure

import (
	"errors"
	"math"
	"runtime"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/blackbox"
	"github.com/go-holmes/holmes/internal/procstat"
	"github.com/go-holmes/holmes/internal/supervise"
)

// Config is the options about readings.
type Config struct {
	Cores       float64 // what the process may use; 0 is the quota or the affinity mask
	GOMAXPROCS  bool    // neither quota nor affinity mask counts, only GOMAXPROCS
	MemoryLimit uint64  // 100 % of memory in bytes; 0 is the real limit
	CGroup      bool    // limits of control groups count
}

// A Meter takes the built-in readings, once a tick, into fields that all built-in
// signals then read. It keeps files open and buffers allocated, so that a tick costs
// a handful of system calls and no allocation. The methods that a signal reads by
// are for the goroutine of the tick.
type Meter struct {
	mu    sync.Mutex // held to write; the tick's goroutine reads without it
	proc  process
	group group // nil if there is none
	heap  *heap

	memoryState             // as of the tick
	between     memoryState // as of the memory watcher's last reading
	watched     heapGauge   // of the memory watcher
	pressure    pressure    // of the tick's goroutine, without the lock

	hostMemory  uint64
	available   uint64        // what can still be allocated of it, 0 if not known
	availableAt time.Duration // when that was read
	affinity    int
	gomaxprocs  func() int
	procs       int // GOMAXPROCS
	ticks       uint64

	before       time.Duration // time of the previous reading
	cpu, cpuLast time.Duration
	threads      int

	cpuErr, threadErr error
}

type (
	process interface {
		CPUTime() (time.Duration, error)
		Memory() (procstat.Memory, error)
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

// affinityEvery is the number of ticks between two readings of the affinity mask.
const affinityEvery = 16

// ErrOneReading is returned for a rate before its second reading.
var ErrOneReading = errors.New("a rate needs two readings")

var errNoLimit = errors.New("no memory limit is known")

// Readers is what a meter reads from. Tests replace parts of it.
type Readers struct {
	Process    process
	Group      group // nil if there is none
	HostMemory uint64
	Cores      int // of the affinity mask
	GOMAXPROCS func() int
	CPU        func() (CPUSeconds, error)
	Delays     func() (*metrics.Float64Histogram, error)
	Waited     func() (seconds float64, err error)
}

// OpenReaders returns the readers of this process. It logs what is missing; signals
// that need it return an error.
func OpenReaders(log *supervise.Log) Readers {
	r := RuntimeReaders()
	r.Process = procstat.Open()
	var err error
	if r.HostMemory, err = procstat.HostMemory(); err != nil {
		log.Warnf("memory of the host is not known: %v", err)
	}
	if g, err := cgroup.Open(); err == nil {
		r.Group = g
	} else {
		log.Infof("no cgroup limits, the host's are used: %v", err)
	}
	return r
}

// New returns a meter that has read nothing.
func New(r Readers) *Meter {
	m := &Meter{
		proc: r.Process, group: r.Group, hostMemory: r.HostMemory, affinity: r.Cores, gomaxprocs: r.GOMAXPROCS,
		heap: newHeap(), watched: newHeapGauge(),
	}
	m.pressure.gc.read, m.pressure.runs.read, m.pressure.locks.read = r.CPU, r.Delays, r.Waited
	return m
}

// Close closes the files.
func (m *Meter) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heap.close()
	_ = m.proc.Close() // read-only files
	if m.group != nil {
		_ = m.group.Close()
	}
}

// Refresh takes all readings of a tick. The error of a reading that fails is returned
// by the signals that need it.
func (m *Meter) Refresh(now time.Duration, c *Config) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before = m.at
	m.cpuLast = m.cpu
	m.cpu, m.cpuErr = m.proc.CPUTime()
	m.refresh(m, now, c)
	m.own, m.ownErr = m.proc.Memory()
	m.threads, m.threadErr = m.proc.Threads()
	m.procs = m.gomaxprocs() // no system call
	if m.ticks%affinityEvery == affinityEvery-1 {
		m.affinity = procstat.Cores()
	}
	m.ticks++
	m.heap.refresh()
}

// Readings returns the readings of the last tick and the present heap, for an event,
// and how many bytes of memory can still be allocated. Any goroutine may call it.
func (m *Meter) Readings(c *Config) (r event.Readings, room uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	of, _ := m.memory(c) // 0 means not measured
	r = event.Readings{
		RSS: m.own.Resident, MemoryScope: "cgroup",
		MemoryUsed: of.used, MemoryLimit: of.limit, MemoryLimitFrom: m.source(of.from),
		Goroutines: runtime.NumGoroutine(), Threads: m.threads,
	}
	r.Cores, r.CoresFrom = m.cores(c)
	if of.own {
		r.MemoryScope = "process"
	}
	m.heap.describe(&r)
	r.CPUPercent, _, _ = m.CPUPercent(c)
	available, _ := m.proc.HostAvailable() // events are rare, and the memory watcher may be off
	return r, m.newest().room(available)
}

// CPUPercent returns the CPU time since the previous tick in percent of the cores.
func (m *Meter) CPUPercent(c *Config) (value, limit float64, err error) {
	if m.cpuErr != nil {
		return 0, 0, m.cpuErr
	}
	if m.ticks < 2 {
		return 0, 0, ErrOneReading
	}
	cores, _ := m.cores(c)
	return cgroup.CPUPercent(m.cpu-m.cpuLast, m.at-m.before, cores), cores, nil
}

// MemPercent returns memory in percent of the limit in bytes.
func (m *Meter) MemPercent(c *Config) (value, limit float64, err error) {
	of, err := m.memory(c)
	if err == nil && of.limit == 0 {
		err = errNoLimit
	}
	if err != nil {
		return 0, 0, err
	}
	return cgroup.Percent(of.used, of.limit), float64(of.limit), nil
}

// HeapPercent returns the live heap in percent of the limit that the collector has to
// keep: GOMEMLIMIT if that is lower. The live heap is that of the last collection, so
// it depends neither on GOGC nor on the moment within a cycle. What the process does
// not hold of it does not count: a ballast is never touched, and so never in memory.
func (m *Meter) HeapPercent(c *Config) (value, limit float64, err error) {
	bytes, _ := m.heapLimit(c)
	if bytes == 0 {
		return 0, 0, errNoLimit
	}
	live := m.heap.live
	if m.ownErr == nil {
		live = min(live, m.own.Used)
	}
	return cgroup.Percent(live, bytes), float64(bytes), nil
}

// heapLimit returns the limit of the live heap in bytes, 0 if there is none, and where
// it is from.
func (m *Meter) heapLimit(c *Config) (bytes uint64, from string) {
	of, _ := m.memory(c) // the limit is right without the memory of the process
	if soft := m.heap.limit; soft < math.MaxInt64 && (of.limit == 0 || soft < of.limit) {
		return soft, "GOMEMLIMIT"
	}
	return of.limit, of.from
}

// GoroutineCount returns the number of goroutines.
func (m *Meter) GoroutineCount(*Config) (value, limit float64, err error) {
	return float64(runtime.NumGoroutine()), 0, nil
}

// ThreadCount returns the number of threads.
func (m *Meter) ThreadCount(*Config) (value, limit float64, err error) {
	return float64(m.threads), 0, m.threadErr
}

// Cycles returns how many collections have finished since the process started.
func (m *Meter) Cycles() uint64 { return Uint64(ReadMetric("/gc/cycles/total:gc-cycles")) }

// Threads returns the number of threads.
func (m *Meter) Threads() (int, error) { return m.threads, m.threadErr }

// Record writes the tick into a sample of the black box, 0 for what is not known. It
// allocates nothing.
func (m *Meter) Record(s *blackbox.Sample, c *Config) {
	s.CPU, _, _ = m.CPUPercent(c)
	of, _ := m.memory(c)
	s.Memory, s.MemoryLimit = of.used, of.limit
	s.HeapLive, s.HeapGoal, s.GCCycles = m.heap.live, m.heap.goal, m.heap.cycles
	s.Goroutines, s.Threads = uint64(runtime.NumGoroutine()), uint64(max(m.threads, 0))
}
