package diagnose

import "strings"

// A state is what a goroutine is doing. A goroutine profile does not record it; the
// standard library's frames at the leaf of the stack show it.
type state uint8

const (
	stateRunning state = iota
	stateParked        // waiting, for an unknown reason
	stateSend
	stateReceive
	stateSelect
	stateLock
	stateCond
	stateGroup
	stateNetwork
	stateSleep
	stateSyscall
)

// String is the word of the runtime's tracebacks, if there is one.
func (s state) String() string {
	return [...]string{
		"running", "waiting", "chan send", "chan receive", "select", "lock", "cond wait",
		"wait group", "IO wait", "sleep", "syscall",
	}[s]
}

// waits reports whether another goroutine can end the wait by giving back a
// resource.
func (s state) waits() bool { return s >= stateParked && s <= stateCond }

// A mark is what a function of the standard library says about its stack.
type mark uint8

const (
	markNone   mark = iota
	markGC          // collects garbage
	markPark        // waits
	markClient      // makes an HTTP request
	markConn        // serves a connection of the HTTP client
	markStates      // with a state added
)

func markOf(symbol string) mark {
	switch symbol {
	case "runtime.gcBgMarkWorker", "runtime.gcAssistAlloc", "runtime.bgsweep", "runtime.bgscavenge", "runtime.gcStart":
		return markGC
	case "runtime.gopark":
		return markPark
	case "net/http.(*Client).do", "net/http.(*Transport).roundTrip":
		return markClient
	case "net/http.(*persistConn).readLoop", "net/http.(*persistConn).writeLoop":
		return markConn
	}
	if s := stateOf(symbol); s != stateRunning {
		return markStates + mark(s)
	}
	return markNone
}

func stateOf(symbol string) state {
	switch symbol {
	case "runtime.chansend":
		return stateSend
	case "runtime.chanrecv":
		return stateReceive
	case "runtime.selectgo", "runtime.block":
		return stateSelect
	case "internal/sync.(*Mutex).Lock", "internal/sync.(*Mutex).lockSlow", "sync.(*Mutex).Lock", "sync.(*RWMutex).Lock", "sync.(*RWMutex).RLock",
		"internal/poll.(*fdMutex).rwlock": // of a file, which one writes at a time
		return stateLock
	case "sync.(*Cond).Wait", "sync.runtime_notifyListWait":
		return stateCond
	case "sync.(*WaitGroup).Wait":
		return stateGroup
	case "runtime.netpollblock", "internal/poll.runtime_pollWait":
		return stateNetwork
	case "time.Sleep":
		return stateSleep
	case "runtime.cgocall":
		return stateSyscall
	}
	if strings.HasPrefix(symbol, "syscall.") || strings.HasPrefix(symbol, "internal/runtime/syscall") ||
		strings.HasPrefix(symbol, "golang.org/x/sys/") {
		return stateSyscall
	}
	return stateRunning
}
