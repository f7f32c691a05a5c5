// Command mosn is the service with mosn.io/holmes.
package main

import (
	"errors"
	"os"
	"runtime"
	"runtime/pprof"

	"github.com/shirou/gopsutil/mem"     //nolint:depguard // the calls of mosn/holmes
	"github.com/shirou/gopsutil/process" //nolint:depguard // as above
	"mosn.io/holmes"

	"github.com/go-holmes/holmes/bench/internal/subject"
)

func main() { subject.Main(subject.Watcher{Path: "mosn.io/holmes", Start: start, Tick: tick}) }

func start(o subject.Options) (func(), error) {
	opts := []holmes.Option{holmes.WithDumpPath(o.Dir)}
	if o.Interval != "" {
		opts = append(opts, holmes.WithCollectInterval(o.Interval))
	}
	if o.Memory > 0 {
		opts = append(opts, holmes.WithMemoryLimit(o.Memory))
	}
	if o.Cores > 0 {
		opts = append(opts, holmes.WithCPUCore(o.Cores))
	}
	h, err := holmes.New(opts...)
	if err != nil {
		return nil, err
	}
	h.EnableCPUDump().EnableMemDump().EnableGCHeapDump().EnableGoroutineDump().EnableThreadDump().Start()
	return h.Stop, nil
}

// tick makes the calls of one turn of the library's loop while no signal fires, in
// their order. The loop itself is not exported, and sleeps a second between the two
// readings of the CPU times. Its log line for each signal is left out.
func tick() error {
	cores := runtime.NumCPU()
	machine, err := mem.VirtualMemory()
	if err != nil {
		return err
	}
	p, err := process.NewProcess(int32(os.Getpid())) //nolint:gosec // as it does
	if err != nil {
		return err
	}
	before, err := p.Times()
	if err != nil {
		return err
	}
	after, err := p.Times()
	if err != nil {
		return err
	}
	info, err := p.MemoryInfo()
	if err != nil {
		return err
	}
	busy := after.Total() - before.Total()
	goroutines, threads := runtime.NumGoroutine(), pprof.Lookup("threadcreate").Count()
	if cores == 0 || machine.Total == 0 || info.RSS == 0 || busy < 0 || goroutines == 0 || threads == 0 {
		return errors.New("a reading is missing")
	}
	return nil
}
