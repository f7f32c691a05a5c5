package holmes

import (
	"errors"
	"io"
	"maps"
	"sync"
	"time"

	"github.com/google/pprof/profile"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/internal/baseline"
	"github.com/go-holmes/holmes/internal/capture"
	"github.com/go-holmes/holmes/internal/cpuprofile"
	"github.com/go-holmes/holmes/internal/flight"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/procstat"
	"github.com/go-holmes/holmes/internal/supervise"
)

// Host is a process and its machine that tests set as they like: the values
// that the built-in signals read.
type Host struct {
	mu     sync.Mutex
	cores  float64
	busy   func() float64 // percent of cores
	cpu    time.Duration
	at     time.Time
	rss    uint64
	thread int
	limit  uint64

	siblings, tmpfs, samples uint64

	Collected chan struct{} // wakes the memory watcher
	OnUsage   func()        // memory is read

	Fail  error // of every reading
	Reads int
}

// NewHost returns a calm host of two cores and 1 GiB.
func NewHost() *Host {
	return &Host{Collected: make(chan struct{}, 1), cores: 2, busy: func() float64 { return 2 }, rss: 50 << 20, thread: 8, limit: 1 << 30}
}

// CPU sets what the process uses, in percent of its cores, from now on.
func (f *Host) CPU(percent func() float64) { f.set(func() { f.advance(); f.busy = percent }) }

// Memory sets the resident memory in bytes.
func (f *Host) Memory(bytes uint64) { f.set(func() { f.rss = bytes }) }

// SetThreads sets the number of threads.
func (f *Host) SetThreads(n int) { f.set(func() { f.thread = n }) }

// SetFail makes every reading fail, or not.
func (f *Host) SetFail(err error) { f.set(func() { f.Fail = err }) }

func (f *Host) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *Host) advance() {
	now := time.Now()
	if !f.at.IsZero() {
		f.cpu += time.Duration(f.busy() / 100 * f.cores * float64(now.Sub(f.at)))
	}
	f.at = now
}

func (f *Host) CPUTime() (time.Duration, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Reads++
	f.advance()
	return f.cpu, f.Fail
}

// hostProcess is the process of a host.
type hostProcess struct{ *Host }

// Memory is what the process holds.
func (p hostProcess) Memory() (procstat.Memory, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return procstat.Memory{Resident: p.rss, Used: p.rss}, p.Fail
}

func (f *Host) HostAvailable() (uint64, error) { return 64 << 30, f.Fail }

func (f *Host) Threads() (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.thread, f.Fail
}

func (f *Host) Usage(u *cgroup.Usage) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.OnUsage != nil {
		f.OnUsage()
	}
	used := f.rss + f.siblings + f.tmpfs
	*u = cgroup.Usage{
		MemoryUsed: used, MemoryLimit: f.limit, MemoryFile: "memory.max", MemoryRoom: f.limit - min(f.limit, used),
		CPULimit: f.cores, Generation: 1,
	}
	return f.Fail
}

// Sample is a full reading of the groups; each one finds a hundred periods more,
// of which half were throttled.
func (f *Host) Sample(s *cgroup.Sample) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.samples++
	*s = cgroup.Sample{Generation: 1}
	s.Memory.Levels = []cgroup.MemoryLevel{{Path: "/pod/app", Usage: f.rss + f.siblings + f.tmpfs + 30<<20, InactiveFile: 30 << 20, Max: f.limit, OOMKills: 2}, {Path: "/pod"}}
	if f.tmpfs > 0 { // else the parts of the memory are not known
		s.Memory.Levels[0].Anon, s.Memory.Levels[0].Shmem = f.rss+f.siblings, f.tmpfs
	}
	s.CPU.Levels = []cgroup.CPULevel{{
		Path: "/pod/app", Quota: f.cores, Periods: 100 * f.samples, Throttled: 50 * f.samples,
		ThrottledTime: time.Duration(f.samples) * time.Second,
	}}
	s.CPU.Pressure.Some.Avg10 = 12
	return f.Fail
}

// Tmpfs sets what the files of a tmpfs take, in bytes.
func (f *Host) Tmpfs(bytes uint64) { f.set(func() { f.tmpfs = bytes }) }

// Siblings sets what other processes of the same group hold, in bytes.
func (f *Host) Siblings(bytes uint64) { f.set(func() { f.siblings = bytes }) }

func (f *Host) Close() error { return nil }

// Live puts h into this host: its built-in signals read from it.
func (f *Host) Live(h *Holmes) {
	// The runtime's collections must not send to a channel of a bubble.
	h.wakes = func() (<-chan struct{}, func()) { return f.Collected, func() {} }
	h.captures.Trace = flight.New(busyRecorder{}) // as it must not start in a bubble either
	h.readers = func(*supervise.Log) measure.Readers {
		r := measure.RuntimeReaders()
		r.Cores, r.HostMemory = 64, 64<<30
		r.GOMAXPROCS = func() int { return 64 }
		r.Process, r.Group = hostProcess{f}, f
		return r
	}
}

// busyRecorder is a flight recorder that the application has.
type busyRecorder struct{}

func (busyRecorder) Start(time.Duration, uint64) error { return errors.New("taken") }
func (busyRecorder) Stop()                             {}
func (busyRecorder) WriteTo(io.Writer) (int64, error)  { return 0, nil }
func (busyRecorder) Alive() bool                       { return false }
func (busyRecorder) Bound() uint64                     { return 0 }
func (busyRecorder) Predict() float64                  { return 0 }

// LiveIn puts h into this host, but for its control groups, which are those
// below root.
func (f *Host) LiveIn(h *Holmes, root string) error {
	groups, err := cgroup.Open(cgroup.WithRoot(root))
	if err != nil {
		return err
	}
	f.Live(h)
	rest := h.readers
	h.readers = func(l *supervise.Log) measure.Readers {
		r := rest(l)
		r.Group = groups
		return r
	}
	return nil
}

// Profiler stands in for the runtime's CPU profiler.
type Profiler struct {
	mu      sync.Mutex
	w       io.Writer
	foreign bool
	begun   time.Time
	Starts  []time.Time
	Empty   bool
	Idle    float64 // part of the time in which main.busy is not seen; above 0 main.steady is seen too
}

// Use gives h a broker over this profiler.
func (p *Profiler) Use(h *Holmes) { p.Share(h) }

// Share gives several a broker over this profiler, the same for all.
func (p *Profiler) Share(hs ...*Holmes) {
	b := cpuprofile.New(p)
	for _, h := range hs {
		h.captures.CPU = b
	}
}

// Foreign takes the profiler for someone else, or gives it back.
func (p *Profiler) Foreign(taken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.foreign = taken
}

// Begun returns when the profiler was started.
func (p *Profiler) Begun() []time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]time.Time(nil), p.Starts...)
}

// SetIdle sets for what part of the time main.busy is not seen.
func (p *Profiler) SetIdle(part float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Idle = part
}

func (p *Profiler) Start(w io.Writer) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.foreign || p.w != nil {
		return io.ErrClosedPipe
	}
	p.w, p.begun = w, time.Now()
	p.Starts = append(p.Starts, p.begun)
	return nil
}

func (p *Profiler) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w == nil {
		return
	}
	f := &profile.Function{ID: 1, Name: "main.busy", Filename: "main.go"}
	l := &profile.Location{ID: 1, Line: []profile.Line{{Function: f, Line: 7}}}
	took := time.Since(p.begun)
	prof := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		PeriodType: &profile.ValueType{Type: "cpu", Unit: "nanoseconds"}, Period: 1e7,
		TimeNanos: p.begun.UnixNano(), DurationNanos: int64(took),
		Function: []*profile.Function{f}, Location: []*profile.Location{l},
		Sample: []*profile.Sample{{Location: []*profile.Location{l}, Value: []int64{int64(float64(took) * (1 - p.Idle) / 1e7), int64(float64(took) * (1 - p.Idle))}}},
	}
	if p.Idle > 0 { // and then main.steady is, all the time
		calm := &profile.Function{ID: 2, Name: "main.steady", Filename: "main.go"}
		at := &profile.Location{ID: 2, Line: []profile.Line{{Function: calm, Line: 9}}}
		prof.Function, prof.Location = append(prof.Function, calm), append(prof.Location, at)
		prof.Sample = append(prof.Sample, &profile.Sample{Location: []*profile.Location{at}, Value: []int64{int64(took / 1e7), int64(took)}})
	}
	_ = prof.Write(p.w)
	p.w = nil
}

// SetWall replaces the wall clock.
func (h *Holmes) SetWall(wall func() time.Time) { h.clock.Wall = wall }

// SetCapture replaces how a kind of profile is taken.
func (h *Holmes) SetCapture(k Kind, needs uint64, write func(io.Writer) error) {
	all := maps.Clone(h.captures.Kinds)
	row := all[k]
	row.Write = write
	row.Needs, row.Most = func() uint64 { return needs }, nil
	all[k] = row
	h.captures.Kinds = all
}

// PanicAtNeeds makes the estimate of a kind's cost panic.
func (h *Holmes) PanicAtNeeds(k Kind) {
	all := maps.Clone(h.captures.Kinds)
	row := all[k]
	row.Needs = func() uint64 { panic("bug") }
	all[k] = row
	h.captures.Kinds = all
}

// TickOnce returns one tick of h on the real host, without a loop, and what
// ends it.
func TickOnce(h *Holmes) (tick, end func()) {
	at, end := TickAt(h)
	return func() { at(h.clock.Mono()) }, end
}

// TickAt is TickOnce with the time of each tick.
func TickAt(h *Holmes) (tick func(now time.Duration), end func()) {
	r := h.newRun()
	h.current.Store(r)
	return func(now time.Duration) { r.monitor.Tick(now, now) }, func() {
		r.work.stop()
		h.current.Store(nil)
		r.monitor.Release()
		r.cancel()
	}
}

// CaptureNeeds is what the table predicts that a capture allocates.
func CaptureNeeds(k Kind) uint64 { return capture.Kinds[k].Needs() }

// LastValue is the latest reading of a signal.
func LastValue(h *Holmes, s Signal) float64 {
	for _, v := range h.current.Load().monitor.Views() {
		if v.Signal == s {
			return v.Value
		}
	}
	return -1
}

// GoroutineSites counts goroutines by the function that they were started with.
func GoroutineSites() []GoroutineSite { return capture.GoroutineSites() }

// SetBuild replaces what tells the build of the program.
func (h *Holmes) SetBuild(id string) { h.build = func() string { return id } }

// BaselineFirst is how long it takes until something can be calm.
const BaselineFirst = baseline.First

// BaselineRound takes one round now, and returns what it is taken to have cost.
func BaselineRound(h *Holmes) time.Duration {
	r := h.current.Load()
	return r.keeper.Round(r.work.Ctx)
}
