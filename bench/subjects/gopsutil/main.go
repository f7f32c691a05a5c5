// Command gopsutil is a service that asks gopsutil once an interval for the
// values that holmes reads: CPU, memory and threads.
package main

import (
	"os"
	"time"

	"github.com/shirou/gopsutil/v3/process" //nolint:depguard // it is what is compared

	"github.com/go-holmes/holmes/bench/internal/subject"
)

func main() { subject.Main(subject.Watcher{Path: "main", Start: start, Tick: ask()}) }

func start(o subject.Options) (func(), error) {
	every := time.Second
	if o.Interval != "" {
		var err error
		if every, err = time.ParseDuration(o.Interval); err != nil {
			return nil, err
		}
	}
	read, stop := ask(), make(chan struct{})
	go func() {
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			select {
			case <-stop:
				return
			case <-t.C:
				_ = read() // as a service that ignores a failed reading
			}
		}
	}()
	return func() { close(stop) }, nil
}

// ask returns a function that makes one round of calls.
func ask() func() error {
	p, err := process.NewProcess(int32(os.Getpid())) //nolint:gosec // no process has a larger one
	return func() error {
		if err != nil {
			return err
		}
		if _, err := p.Percent(0); err != nil {
			return err
		}
		if _, err := p.MemoryInfo(); err != nil {
			return err
		}
		_, err := p.NumThreads()
		return err
	}
}
