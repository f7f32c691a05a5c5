package main

import (
	"log"
	"time"

	"github.com/go-holmes/holmes"
)

// cpu watches half a core.
func cpu() *holmes.Holmes {
	h, err := holmes.New(
		holmes.WithCollectInterval("1s"),
		holmes.WithDumpPath(dumpPath()),
		holmes.WithLogger(holmes.NewFileLog(logFile(), logInfo)),
		holmes.WithCPUCore(0.5),
		holmes.WithCPUDump(20, 25, 80, time.Minute),
		holmes.WithCPUSamplingTime("2s"),
		holmes.WithProfileReporter(printer{}),
	)
	if err != nil {
		log.Fatal(err)
	}
	h.EnableCPUDump().Start() //nolint:errcheck // mosn/holmes returns none: its users write this
	return h
}

// goroutines watches the number of goroutines.
func goroutines() *holmes.Holmes {
	h, err := holmes.New(
		holmes.WithCollectInterval("250ms"),
		holmes.WithDumpPath(dumpPath()),
		holmes.WithLogger(holmes.NewFileLog(logFile(), logInfo)),
		holmes.WithTextDump(),
		holmes.WithGoroutineDump(10, 25, 2000, 10*1000, time.Minute),
		holmes.WithProfileReporter(printer{}),
	)
	if err != nil {
		log.Fatal(err)
	}
	h.EnableGoroutineDump().Start() //nolint:errcheck // mosn/holmes returns none: its users write this
	return h
}

// fewGoroutines has a lower limit, and the standard logger.
func fewGoroutines() *holmes.Holmes {
	h, err := holmes.New(
		holmes.WithCollectInterval("250ms"),
		holmes.WithDumpPath(dumpPath()),
		holmes.WithLogger(holmes.NewStdLogger()),
		holmes.WithTextDump(),
		holmes.WithGoroutineDump(10, 25, 80, 10*1000, time.Minute),
		holmes.WithProfileReporter(printer{}),
	)
	if err != nil {
		log.Fatal(err)
	}
	h.EnableGoroutineDump().Start() //nolint:errcheck // mosn/holmes returns none: its users write this
	return h
}

// threads watches the threads of the operating system, without a logger.
func threads() *holmes.Holmes {
	h, err := holmes.New(
		holmes.WithCollectInterval("250ms"),
		holmes.WithDumpPath(dumpPath()),
		holmes.WithTextDump(),
		holmes.WithThreadDump(10, 25, 100, time.Minute),
		holmes.WithProfileReporter(printer{}),
	)
	if err != nil {
		log.Fatal(err)
	}
	h.EnableThreadDump().Start() //nolint:errcheck // mosn/holmes returns none: its users write this
	return h
}

// memory watches the memory of the process.
func memory() *holmes.Holmes {
	h, err := holmes.New(
		holmes.WithCollectInterval("250ms"),
		holmes.WithDumpPath(dumpPath()),
		holmes.WithLogger(holmes.NewFileLog(logFile(), logInfo)),
		holmes.WithTextDump(),
		holmes.WithMemoryLimit(512<<20),
		holmes.WithMemDump(3, 25, 80, time.Minute),
		holmes.WithProfileReporter(printer{}),
	)
	if err != nil {
		log.Fatal(err)
	}
	h.EnableMemDump().Start() //nolint:errcheck // mosn/holmes returns none: its users write this
	return h
}

// gcHeap watches the live heap.
func gcHeap() *holmes.Holmes {
	h, err := holmes.New(
		holmes.WithCollectInterval("250ms"),
		holmes.WithDumpPath(dumpPath()),
		holmes.WithLogger(holmes.NewFileLog(logFile(), logInfo)),
		holmes.WithTextDump(),
		holmes.WithMemoryLimit(512<<20),
		holmes.WithGCHeapDump(10, 20, 40, time.Minute),
		holmes.WithProfileReporter(printer{}),
	)
	if err != nil {
		log.Fatal(err)
	}
	h.EnableGCHeapDump().Start() //nolint:errcheck // mosn/holmes returns none: its users write this
	return h
}
