// Command holmes is the service with holmes.
package main

import (
	"github.com/go-holmes/holmes"

	"github.com/go-holmes/holmes/bench/internal/subject"
)

func main() { subject.Main(subject.Watcher{Path: "github.com/go-holmes/holmes", Start: start}) }

func start(o subject.Options) (func(), error) {
	// The faults begin within the grace after a start, which is not what is measured.
	opts := []holmes.Option{holmes.WithDumpPath(o.Dir), holmes.WithLogger(nil), holmes.WithGrace(0)}
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
	return h.Stop, h.Start()
}
