package main

import (
	"log"
	"time"

	"github.com/go-holmes/holmes"
)

// made ends the program if New fails.
func made(h *holmes.Holmes, err error) *holmes.Holmes {
	if err != nil {
		log.Fatal(err)
	}
	return h
}

// watching has the options that all services but one share.
func watching(options ...holmes.Option) *holmes.Holmes {
	return made(holmes.New(append([]holmes.Option{
		holmes.WithCollectInterval("250ms"),
		holmes.WithDumpPath(dumpPath()),
		holmes.WithTextDump(),
		holmes.WithGrace(0), // each fault begins within seconds of the start
		holmes.WithProfileReporter(printer{}),
	}, options...)...))
}

// cpu watches half a core.
func cpu() *holmes.Holmes {
	return made(holmes.New(
		holmes.WithCollectInterval("1s"),
		holmes.WithDumpPath(dumpPath()),
		holmes.WithLogger(holmes.NewFileLog(logFile(), logInfo)),
		holmes.WithCPUCore(0.5),
		holmes.WithCPUDump(20, 25, 80, time.Minute),
		holmes.WithCPUSamplingTime("2s"),
		holmes.WithGrace(0),
		holmes.WithProfileReporter(printer{}),
	)).EnableCPUDump()
}

// goroutines watches the number of goroutines.
func goroutines() *holmes.Holmes {
	return watching(
		holmes.WithLogger(holmes.NewFileLog(logFile(), logInfo)),
		holmes.WithGoroutineDump(10, 25, 2000, 10*1000, time.Minute),
	).EnableGoroutineDump()
}

// fewGoroutines has a lower limit, and the standard logger.
func fewGoroutines() *holmes.Holmes {
	return watching(
		holmes.WithLogger(holmes.NewStdLogger()),
		holmes.WithGoroutineDump(10, 25, 80, 10*1000, time.Minute),
	).EnableGoroutineDump()
}

// threads watches the threads of the operating system, without a logger.
func threads() *holmes.Holmes {
	return watching(holmes.WithThreadDump(10, 25, 100, time.Minute)).EnableThreadDump()
}

// memory watches the memory of the process.
func memory() *holmes.Holmes {
	return watching(
		holmes.WithLogger(holmes.NewFileLog(logFile(), logInfo)),
		holmes.WithMemoryLimit(512<<20),
		holmes.WithMemDump(3, 25, 80, time.Minute),
	).EnableMemDump()
}

// gcHeap watches the live heap.
func gcHeap() *holmes.Holmes {
	return watching(
		holmes.WithLogger(holmes.NewFileLog(logFile(), logInfo)),
		holmes.WithMemoryLimit(512<<20),
		holmes.WithGCHeapDump(10, 20, 40, time.Minute),
	).EnableGCHeapDump()
}
