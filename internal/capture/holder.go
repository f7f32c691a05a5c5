package capture

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/go-holmes/holmes/internal/cpuprofile"
	"github.com/go-holmes/holmes/internal/humanize"
)

// holders are the profilers that services run beside holmes, by functions that are on
// a stack while they profile.
var holders = []struct{ prefix, name string }{
	{"net/http/pprof.Profile", "net/http/pprof"},
	{"github.com/grafana/pyroscope-go", "pyroscope-go"},
	{"gopkg.in/DataDog/dd-trace-go", "Datadog's profiler"},
	{"github.com/DataDog/dd-trace-go", "Datadog's profiler"},
	{"cloud.google.com/go/profiler", "Google's profiler"},
	{"go.elastic.co/apm", "Elastic's agent"},
	{"github.com/profefe/profefe", "profefe's agent"},
	{"mosn.io/holmes", "mosn/holmes"},
}

const unknownHolder = "the application or another profiler"

// cpuHolder returns the name of the program part that uses the CPU profiler, from the
// stacks of all goroutines, unless those are too many.
func (t *Taker) cpuHolder() string {
	if t.affords(estimateSites()) != nil {
		return unknownHolder
	}
	records := make([]runtime.StackRecord, runtime.NumGoroutine()+100)
	n, ok := runtime.GoroutineProfile(records)
	if !ok {
		return unknownHolder
	}
	best := len(holders)
	for i := range records[:n] {
		frames := runtime.CallersFrames(records[i].Stack())
		for more := true; more; {
			var f runtime.Frame
			f, more = frames.Next()
			best = min(best, holderOf(f.Function))
		}
	}
	if best == len(holders) {
		return unknownHolder
	}
	return holders[best].name
}

// holderOf returns the index of a function in the table, or the table's length.
func holderOf(function string) int {
	for i, h := range holders {
		if strings.HasPrefix(function, h.prefix) {
			return i
		}
	}
	return len(holders)
}

// A cpuHold is the time in which other code holds the CPU profiler, as far as it was
// tried.
type cpuHold struct {
	mu          sync.Mutex
	holder      string        // empty while the profiler is not held
	since, last time.Duration // mono of the first and the last attempt
	lasts       bool          // and was logged
}

const (
	// lastingHold is how long a hold lasts that is taken for one for good, as that of a
	// continuous profiler: net/http/pprof takes 30 s by default.
	lastingHold = time.Minute
	// maxUntried is the time between two attempts that find the profiler held, in which
	// it may have been free: the baseline tries it every ten minutes at most.
	maxUntried = 30 * time.Minute
)

// join joins the CPU profiler. If it is held, it returns the holder too, and whether the
// hold lasts. It logs when such a hold begins and ends.
func (t *Taker) join(urgent bool) (s *cpuprofile.Session, holder string, lasts bool, err error) {
	s, err = t.CPU.Join(urgent)
	h, now := &t.hold, t.clock.Mono()
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case errors.Is(err, cpuprofile.ErrBusy):
		holder, lasts = h.meet(now, t)
		return s, holder, lasts, err
	case err == nil && h.lasts:
		t.Scope.Log.Infof("the CPU profiler is free again, after %s", humanize.Duration(now-h.since))
	}
	if err == nil {
		h.holder, h.lasts = "", false
	}
	return s, "", false, err
}

// meet records that the profiler is held; h.mu is locked.
func (h *cpuHold) meet(now time.Duration, t *Taker) (holder string, lasts bool) {
	if h.holder == "" || now-h.last > maxUntried {
		h.holder, h.since, h.lasts = t.cpuHolder(), now, false
	}
	h.last = now
	if held := now - h.since; held >= lastingHold {
		if !h.lasts {
			h.lasts = true
			t.Scope.Log.Warnf("the CPU profiler is held by %s: meanwhile events and the baseline have no CPU profile", h.holder)
		}
		return h.holder + " for " + humanize.Duration(held), true
	}
	return h.holder, false
}
