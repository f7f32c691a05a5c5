package capture

import (
	"errors"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/contention"
	"github.com/go-holmes/holmes/internal/cpuprofile"
	"github.com/go-holmes/holmes/internal/flight"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/supervise"
)

// The runtime has one of each in a process, so all instances of Holmes share them.
var (
	processCPU    = cpuprofile.New(cpuprofile.Runtime{})
	processTrace  = flight.New(&flight.Runtime{})
	processLocks  = contention.NewLocks(runtime.SetMutexProfileFraction)
	processBlocks = contention.NewBlocks(runtime.SetBlockProfileRate)
)

// A Process is what all captures of one Holmes share, over all its runs. Tests replace
// the exported fields.
type Process struct {
	Kinds  map[event.Kind]Row
	CPU    *cpuprofile.Broker
	Trace  *flight.Broker
	Locks  *contention.Locks
	Blocks *contention.Blocks

	clock    supervise.Clock
	random   func() uint32
	costs    costModel
	counters counters
	hold     cpuHold

	gcMu   sync.Mutex
	lastGC time.Duration // mono of the last forced collection
}

// NewProcess returns a Process that uses the profilers of this process.
func NewProcess(c supervise.Clock, random func() uint32) *Process {
	return &Process{
		Kinds: Kinds, CPU: processCPU, Trace: processTrace, Locks: processLocks, Blocks: processBlocks,
		clock: c, random: random,
	}
}

// gcEvery is the least time between two forced collections.
const gcEvery = time.Minute

// mayForceGC reports whether a collection may be forced, and counts that it is.
func (p *Process) mayForceGC() bool {
	p.gcMu.Lock()
	now := p.clock.Mono()
	may := p.lastGC <= 0 || now-p.lastGC >= gcEvery
	if may {
		p.lastGC = now
	}
	p.gcMu.Unlock()
	return may
}

// UpTo returns a random time from 0 to d.
func (p *Process) UpTo(d time.Duration) time.Duration {
	return time.Duration(float64(d) * float64(p.random()) / (1 << 32))
}

// A Taker takes profiles during one run, within one configuration.
type Taker struct {
	*Process
	Scope   *supervise.Scope
	Meter   *measure.Meter
	Config  Config
	Measure measure.Config
}

// Take writes a snapshot of the kind, and returns the CPU time that it took.
func (t *Taker) Take(k event.Kind, w io.Writer) (cpu time.Duration, err error) {
	if err := t.allows(k); err != nil {
		return 0, err
	}
	goroutines := runtime.NumGoroutine()
	cost := t.measureCost(func() { err = t.Kinds[k].Write(w) })
	t.costs.learn(k, goroutines, cost, t.clock.Mono())
	return cost.CPU, err
}

var (
	errLapsed  = errors.New("the rule ceased to fire before it began")
	errStopped = errors.New("holmes was stopped")
)
