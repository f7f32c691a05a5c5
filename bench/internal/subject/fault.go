package subject

import (
	"bytes"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"runtime/pprof"
	"sync/atomic"
	"syscall"
	"time"
)

// A service is a running subject.
type service struct {
	watcher Watcher
	stop    func()
	normal  [][]byte
	leaked  [][]byte
	beats   atomic.Uint64
}

// fill allocates the normal heap.
func (s *service) fill(size int) {
	const each = 16 << 10
	for ; size > 0; size -= each {
		b := make([]byte, each)
		b[0] = 1
		s.normal = append(s.normal, b)
	}
}

// beat wakes the service up now and then, as work does. In a process that never
// wakes up, the watcher would pay for the first wake-up of a second, which a service
// has paid already.
func (s *service) beat() {
	for range time.Tick(100 * time.Millisecond) {
		s.beats.Add(1)
	}
}

// begin begins a fault and prints when.
func (s *service) begin(kind string) {
	say("onset %d", time.Now().UnixNano())
	switch kind {
	case "cpu":
		go burnCPU()
	case "heap":
		go s.keepHeap()
	case "goroutine":
		parkGoroutines()
	}
}

// The functions that faults are in. A profile that has one shows the fault.
const (
	CPUFault       = "subject.burnCPU"
	HeapFault      = "subject.(*service).keepHeap"
	LeakFault      = "subject.(*service).leakHeap"
	GoroutineFault = "subject.parkGoroutines"
)

// Busy is the part of a core that the CPU fault takes: so little that all subjects
// can have the fault at once on two cores.
const Busy = 0.3

// CPUTime is the length of the CPU fault.
const CPUTime = 18 * time.Second

const turn = 10 * time.Millisecond

//go:noinline
func burnCPU() {
	tick := time.NewTicker(turn)
	defer tick.Stop()
	begin := time.Now()
	for sum := uint64(0); time.Since(begin) < CPUTime; <-tick.C {
		for end := time.Now().Add(time.Duration(Busy * float64(turn))); time.Now().Before(end); {
			for i := range uint64(1000) {
				sum = sum*31 + i
			}
		}
		runtime.KeepAlive(sum)
	}
}

// The heap fault takes this much memory within this time, and keeps it.
const (
	heapBytes = 100 << 20
	heapTime  = 5 * time.Second
)

//go:noinline
func (s *service) keepHeap() {
	s.grow(heapBytes/int(heapTime/time.Second), heapBytes, func(n int) []byte { return make([]byte, n) })
}

// grow keeps the results of allocate, at a rate, up to a size.
func (s *service) grow(rate, size int, allocate func(int) []byte) {
	const each = 64 << 10
	begin := time.Now()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for taken := 0; taken < size; <-tick.C {
		for due := int(time.Since(begin).Seconds() * float64(rate)); taken < due; taken += each {
			b := allocate(each)
			for i := 0; i < each; i += 4096 {
				b[i] = 1
			}
			s.leaked = append(s.leaked, b)
		}
	}
}

// leak keeps memory at a rate in bytes a second until the kernel kills.
func (s *service) leak(rate int) {
	say("onset %d", time.Now().UnixNano())
	go s.leakHeap(rate)
}

//go:noinline
func (s *service) leakHeap(rate int) {
	s.grow(rate, 1<<62, func(n int) []byte { return make([]byte, n) })
}

const parked = 5000

//go:noinline
func parkGoroutines() {
	never := make(chan struct{})
	for range parked {
		go func() { <-never }()
	}
}

// foreign holds the CPU profiler, as net/http/pprof does, and prints how that
// ended.
func (s *service) foreign(length time.Duration) error {
	var buf bytes.Buffer
	if err := pprof.StartCPUProfile(&buf); err != nil {
		say("foreign refused: %v", err)
		return nil
	}
	say("foreign begun")
	time.AfterFunc(length, func() {
		pprof.StopCPUProfile()
		say("foreign ended %d bytes", buf.Len())
	})
	return nil
}

// usage tells what the process has used so far.
func (s *service) usage() {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		say("usage failed: %v", err)
		return
	}
	at := time.Now()
	mallocs := []metrics.Sample{{Name: "/gc/heap/allocs:objects"}}
	metrics.Read(mallocs)
	say("usage %d %d %d", at.UnixNano(), r.Utime.Nano()+r.Stime.Nano(), mallocs[0].Value.Uint64())
}

// memory tells what the runtime has from the system and has not given back, in
// KiB. It collects, so it comes after all usage.
func (s *service) memory() {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	say("memory %d", (m.Sys-m.HeapReleased)>>10)
}

// stopNow stops the watcher, and tells how long that took and how long its
// goroutines stayed.
func (s *service) stopNow() {
	begin := time.Now()
	s.stop()
	took := time.Since(begin)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for s.mine() > 0 && time.Since(begin) < time.Minute {
		<-tick.C
	}
	say("stopped %d %d %d", took.Nanoseconds(), time.Since(begin).Nanoseconds(), s.mine())
}

// mine counts the goroutines of the watcher.
func (s *service) mine() (n int) {
	buf := make([]byte, 4<<20)
	buf = buf[:runtime.Stack(buf, true)]
	for stack := range bytes.SplitSeq(buf, []byte("\n\n")) {
		if bytes.Contains(stack, []byte("created by "+s.watcher.Path+".")) ||
			bytes.Contains(stack, []byte("created by "+s.watcher.Path+"/upstream")) {
			n++
		}
	}
	return n
}

// runTicks runs ticks at once, and tells their time and allocations.
func runTicks(w Watcher, n int) error {
	for range 20 {
		if err := w.Tick(); err != nil {
			return err
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin := time.Now()
	for range n {
		if err := w.Tick(); err != nil {
			return err
		}
	}
	took := time.Since(begin)
	runtime.ReadMemStats(&after)
	say("ticks %f %f", float64(took.Nanoseconds())/float64(n), float64(after.Mallocs-before.Mallocs)/float64(n))
	return nil
}
