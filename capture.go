package holmes

import (
	"fmt"
	"io"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes/internal/humanize"
	"github.com/go-holmes/holmes/internal/measure"
)

// A capture is one kind of profile: how it is taken, and what it needs.
type capture struct {
	write func(w io.Writer) error // nil for CPU and trace, which brokers take
	needs func() uint64           // bytes of memory while it is taken
	takes func() time.Duration    // of CPU time; nil if that does not depend on the process
	// counted is a profile of all since the process began, of which an event
	// has what was added; see waits.go.
	counted bool
}

// captures is the table of kinds.
var captures = map[Kind]capture{
	KindCPU:          {needs: func() uint64 { return captureBase }},
	KindHeap:         {write: binary("heap"), needs: heapNeeds},
	KindGoroutine:    {write: binary("goroutine"), needs: goroutineNeeds, takes: goroutineTakes},
	KindTrace:        {needs: func() uint64 { return traceMemory }},
	KindThreadcreate: {write: binary("threadcreate"), needs: func() uint64 { return captureBase }},
	KindMutex:        {write: binary("mutex"), needs: waitNeeds("mutex"), counted: true},
	KindBlock:        {write: binary("block"), needs: waitNeeds("block"), counted: true},
}

// heapAfterGC is the file of the second heap profile.
const heapAfterGC = "heap-gc.pb.gz"

// What a capture allocates: the compressor and its buffers, and per record.
// BenchmarkCaptureNeeds measures 1.3 MB, and for a goroutine 420 bytes at a
// depth of 3 calls, 960 at 20 and 3000 at 60; these are more, because too little
// would be found out by the kernel.
const (
	captureBase       = 2 << 20
	bytesPerGoroutine = 350
	bytesPerHeapSite  = 1000
	bytesPerWaitSite  = 3000
)

// timePerGoroutine is what a whole profile takes: 2 to 7 us at a depth of 3
// calls, 4 to 10 us at 20, by the same benchmark.
const timePerGoroutine = 6 * time.Microsecond

// goroutineNeeds goes by the size of the stacks, since the depth of the calls
// in them is not known before: 3.9, 3.0 and 1.0 times what was needed at depths
// of 3, 20 and 60 calls.
func goroutineNeeds() uint64 {
	stacks := measure.Uint64(measure.ReadMetric("/memory/classes/heap/stacks:bytes"))
	return captureBase + uint64(runtime.NumGoroutine())*bytesPerGoroutine + stacks/8*5
}

func goroutineTakes() time.Duration {
	return time.Duration(runtime.NumGoroutine()) * timePerGoroutine
}

func heapNeeds() uint64 {
	sites, _ := runtime.MemProfile(nil, true)
	return captureBase + uint64(sites)*bytesPerHeapSite
}

// waitNeeds is for two profiles and their difference: BenchmarkWaitNeeds
// measures 4 MB, and 2.1 KB a stack of 20 to 40 calls.
func waitNeeds(name string) func() uint64 {
	return func() uint64 { return 2*captureBase + uint64(pprof.Lookup(name).Count())*bytesPerWaitSite }
}

// binary takes a profile of runtime/pprof in the debug=0 form, streamed. The
// debug=2 form of goroutines would stop the world for seconds.
func binary(name string) func(io.Writer) error {
	return func(w io.Writer) error { return pprof.Lookup(name).WriteTo(w, 0) }
}

// snapshot takes one profile that has no duration, into a file.
func (d *dossier) snapshot(kind Kind, file, note string) {
	take := d.captures[kind]
	p := Profile{Kind: kind, File: file, Start: d.Clock.Wall(), Note: note}
	if kind == KindHeap {
		p.Note = humanize.Join(note, d.ev.Readings.ShareNote())
	}
	price := d.h.priceOf(kind)
	if p.Err = d.affords(d.cfg, price); p.Err == nil {
		d.ev.Cost.PredictedBytes += price.bytes
		spent := d.spend(func() { d.store(&p, take.write) })
		d.h.prices.learn(kind, spent)
	} else if kind == KindGoroutine {
		d.countGoroutines()
	}
	d.add(p)
}

// addContext takes what helps to tell what is wrong, where there is something to
// compare it with.
func (d *dossier) addContext(before uint64) {
	if n := d.h.normal.look(); n.at.IsZero() || d.cfg.baseline == 0 {
		return
	}
	signal := d.ev.Trigger.Sample.Signal
	for _, k := range rowOf(signal).context {
		if k == KindHeap && signal == SignalGoroutine && d.cfg.forceGC {
			d.afterCollection(before, d.Stopping()) // else what the goroutines hold is not in it yet
			continue
		}
		d.snapshot(k, d.freeName(k.File()), "at the verdict, for the diagnosis")
	}
}

// freeName is a name that no file of the event has: "goroutine-2.pb.gz" for a
// second "goroutine.pb.gz".
func (d *dossier) freeName(file string) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(d.ev.Profiles, func(p Profile) bool { return p.File == name })
	}
	base, ext, _ := strings.Cut(file, ".")
	for n := 2; taken(file); n++ {
		file = fmt.Sprintf("%s-%d.%s", base, n, ext)
	}
	return file
}

// store writes a profile's file and says in the profile where it is.
func (d *dossier) store(p *Profile, fill func(io.Writer) error) { d.put(p, fill, false) }

// replace is store for a file that may be there already.
func (d *dossier) replace(p *Profile, fill func(io.Writer) error) { d.put(p, fill, true) }

func (d *dossier) put(p *Profile, fill func(io.Writer) error, replace bool) {
	got, trouble, err := d.files.Write(p.File, fill, replace)
	if trouble != nil {
		d.h.store.Report("evidence is kept in memory, the disk refuses it", trouble)
	}
	if err != nil {
		p.Err = fmt.Errorf("holmes: capture %s: %w", p.Kind, err)
		return
	}
	p.Place(got.Path, got.Data)
	d.ev.Cost.Bytes += got.Bytes
	d.h.stats.wrote(got.Bytes)
}

// add notes a profile in the event, or the reason why there is none.
func (d *dossier) add(p Profile) {
	if p.Err != nil {
		p.Note = humanize.Join(p.Note, p.Err.Error())
		p.File = ""
	}
	d.ev.Profiles = append(d.ev.Profiles, p)
}

// gcEvery bounds how often holmes forces a collection.
const gcEvery = time.Minute

// afterCollection takes the heap again once it shows what was allocated during
// the event: the profile lags by two collections that run by themselves, so
// if fewer have finished since the first one was taken, one is forced.
func (d *dossier) afterCollection(since uint64, stopping bool) {
	cycles := d.meter.Cycles
	note := "after a finished collection"
	switch {
	case cycles() >= since+2:
	case !d.cfg.forceGC:
		d.add(Profile{Kind: KindHeap, Err: fmt.Errorf("no second profile: %d of 2 collections have finished, and WithForcedGC is off", cycles()-since)})
		return
	case stopping:
		d.add(Profile{Kind: KindHeap, Err: fmt.Errorf("no second profile: holmes was stopped")})
		return
	case !d.h.mayForceGC():
		note = fmt.Sprintf("%d of 2 collections have finished, and one was forced within the last %v", cycles()-since, gcEvery)
	default:
		runtime.GC()
		d.ev.Cost.ForcedGC++
		d.h.stats.forced()
		note = "after a forced collection"
	}
	d.snapshot(KindHeap, heapAfterGC, note)
}

// mayForceGC grants one forced collection in gcEvery.
func (h *Holmes) mayForceGC() bool {
	h.gcMu.Lock()
	defer h.gcMu.Unlock()
	now := h.clock.Mono()
	if h.lastGC > 0 && now-h.lastGC < gcEvery {
		return false
	}
	h.lastGC = now
	return true
}
