package race

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/realgroup"
)

// Env holds the plan of a child in JSON: a program that uses this package calls
// [Child] first.
const Env = "HOLMES_OOM_RACE"

// ProgramEnv names the program that runs the races, if it is not this one.
const ProgramEnv = "HOLMES_OOM_RACE_PROGRAM"

// baseline is the live heap of the service before it leaks.
const baseline = 20 << 20

// A heapOf is the heap of the child: normal is in use by the service, leaked and nodes
// are the leak.
type heapOf struct {
	normal [][]byte
	leaked [][]byte
	nodes  *node
}

// A node is a leak that the collector has to follow pointer by pointer.
type node struct {
	next  *node
	other [4]*node
	_     [3]int
}

// Child runs the plan in the environment until the kernel kills the process. It returns
// false without a plan, and true if the kernel did not kill.
func Child() bool {
	text := os.Getenv(Env)
	if text == "" {
		return false
	}
	fmt.Fprintln(os.Stderr, runChild(text)) // it should have been killed
	return true
}

func runChild(text string) error {
	p, err := parsePlan(text)
	if err != nil {
		return err
	}
	for _, group := range p.Groups {
		if err := realgroup.Join(group); err != nil {
			return err
		}
	}
	h, err := holmes.New(holmes.WithDumpPath(p.Dir), holmes.WithLogger(quiet{}))
	if err != nil {
		return err
	}
	var held heapOf
	if p.Sites {
		held.fillSites()
	} else {
		held.fill()
	}
	if err := h.Start(); err != nil {
		return err
	}
	<-time.After(p.Calm)
	switch {
	case p.Sites:
		held.leakBlocks(p.Rate)
	case p.Pointers:
		held.leakNodes(p.Rate)
	default:
		held.leakBytes(p.Rate)
	}
	return fmt.Errorf("the leak ended: %d bytes of normal memory", len(held.normal))
}

func (h *heapOf) fill() {
	for size := 0; size < baseline; size += 16 << 10 {
		h.normal = append(h.normal, make([]byte, 16<<10))
	}
}

// fillSites lets the heap profile have many sites, each of which holds memory. The rate
// stays: at another one each site would count for many.
func (h *heapOf) fillSites() {
	runtime.MemProfileRate = 1
	h.allocate()
	runtime.GC() // the heap profile lags by two collections
	runtime.GC()
}

// step is the time between two allocations.
const step = time.Millisecond

// leakBytes keeps slices of 64 KiB, at a rate in bytes a second or as fast as
// possible.
//
//go:noinline
func (h *heapOf) leakBytes(rate int) {
	const size = 64 << 10
	pace(rate, size, func() {
		b := make([]byte, size)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		h.leaked = append(h.leaked, b)
	})
}

// leakBlocks keeps blocks of 1 MiB, and does not catch up with the rate after it had to
// wait for a core, as a service that leaks with each request.
//
//go:noinline
func (h *heapOf) leakBlocks(rate int) {
	const size = 1 << 20
	tick := time.NewTicker(time.Duration(float64(size) / float64(rate) * float64(time.Second)))
	for {
		b := make([]byte, size)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		h.leaked = append(h.leaked, b)
		<-tick.C
	}
}

// leakNodes keeps small structures that point at each other.
//
//go:noinline
func (h *heapOf) leakNodes(rate int) {
	const size, batch = 64, 1024
	pace(rate, size*batch, func() {
		for range batch {
			n := &node{next: h.nodes}
			for i := range n.other {
				n.other[i] = h.nodes
			}
			h.nodes = n
		}
	})
}

// pace calls leak, which takes size bytes, as often as rate asks for.
func pace(rate, size int, leak func()) {
	begin := time.Now()
	tick := time.NewTicker(step)
	for taken := 0; ; {
		for due := int(time.Since(begin).Seconds() * float64(rate)); taken < due; taken += size {
			leak()
		}
		<-tick.C
	}
}

type quiet struct{}

func (quiet) Debugf(string, ...any) {}
func (quiet) Infof(string, ...any)  {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
