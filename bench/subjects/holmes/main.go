// Command holmes is the service with holmes.
package main

import (
	"github.com/go-holmes/holmes"

	"github.com/go-holmes/holmes/bench/internal/subject"
)

func main() { subject.Main(subject.Watcher{Path: "github.com/go-holmes/holmes", Start: start}) }

func start(o subject.Options) (func(), error) {
	opts := []holmes.Option{holmes.WithDumpPath(o.Dir), holmes.WithLogger(nil)}
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
