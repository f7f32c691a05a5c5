package holmes

import (
	"fmt"
	"io"
	"runtime"
	"runtime/pprof"
	"time"
)

// A capture is one kind of profile: its file, how it is taken, and what it
// needs.
type capture struct {
	file  string
	write func(w io.Writer) error // nil for CPU, which the broker takes
	needs func() uint64           // bytes of memory while it is taken
}

// captures is the table of kinds.
var captures = map[Kind]capture{
	KindCPU:          {file: "cpu.pb.gz", needs: func() uint64 { return captureBase }},
	KindHeap:         {file: "heap.pb.gz", write: binary("heap"), needs: heapNeeds},
	KindGoroutine:    {file: "goroutine.pb.gz", write: binary("goroutine"), needs: goroutineNeeds},
	KindThreadcreate: {file: "threadcreate.pb.gz", write: binary("threadcreate"), needs: func() uint64 { return captureBase }},
}

// heapAfterGC is the file of the second heap profile.
const heapAfterGC = "heap-gc.pb.gz"

// What a capture allocates: the compressor and its buffers, and per record.
// BenchmarkCaptureNeeds measures 1.3 MB and 450 to 560 bytes a goroutine; these
// are more, because too little would be found out by the kernel.
const (
	captureBase       = 2 << 20
	bytesPerGoroutine = 800
	bytesPerHeapSite  = 1000
)

func goroutineNeeds() uint64 {
	return captureBase + uint64(runtime.NumGoroutine())*bytesPerGoroutine
}

func heapNeeds() uint64 {
	sites, _ := runtime.MemProfile(nil, true)
	return captureBase + uint64(sites)*bytesPerHeapSite
}

// binary takes a profile of runtime/pprof in the debug=0 form, streamed. The
// debug=2 form of goroutines would stop the world for seconds.
func binary(name string) func(io.Writer) error {
	return func(w io.Writer) error { return pprof.Lookup(name).WriteTo(w, 0) }
}

// snapshot takes one profile that has no duration, into a file.
func (d *dossier) snapshot(kind Kind, file, note string) {
	take := d.captures[kind]
	p := Profile{Kind: kind, File: file, Start: d.clock.wall(), Note: note}
	if kind == KindHeap {
		p.Note = joined(note, d.ev.Readings.shareNote())
	}
	begin := d.clock.mono()
	if p.Err = d.fits(d.cfg, take.needs()); p.Err == nil {
		d.store(&p, take.write)
	}
	d.ev.Cost.Seconds += (d.clock.mono() - begin).Seconds()
	d.add(p)
}

// fits refuses a capture that could itself bring the process over its limit.
func (r *run) fits(c *config, needs uint64) error {
	if _, room := r.meter.look(c); needs > room {
		return fmt.Errorf("%w: it needs about %d KiB of %d KiB", ErrNoRoom, needs>>10, room>>10)
	}
	return nil
}

// store writes a profile's file and says in the profile where it is.
func (d *dossier) store(p *Profile, fill func(io.Writer) error) {
	got, trouble, err := d.files.write(p.File, fill)
	if trouble != nil {
		d.onDisk("evidence is kept in memory, the disk refuses it", trouble)
	}
	if err != nil {
		p.Err = fmt.Errorf("holmes: capture %s: %w", p.Kind, err)
		return
	}
	p.Path, p.data = got.path, got.data
	d.ev.Cost.Bytes += got.bytes
}

// add notes a profile in the event, or the reason why there is none.
func (d *dossier) add(p Profile) {
	if p.Err != nil {
		p.Note = joined(p.Note, p.Err.Error())
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
	cycles := func() uint64 { r, _ := d.look(); return r.GCCycles }
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
		note = "after a forced collection"
	}
	d.snapshot(KindHeap, heapAfterGC, note)
}

// mayForceGC grants one forced collection in gcEvery.
func (h *Holmes) mayForceGC() bool {
	h.gcMu.Lock()
	defer h.gcMu.Unlock()
	now := h.clock.mono()
	if h.lastGC > 0 && now-h.lastGC < gcEvery {
		return false
	}
	h.lastGC = now
	return true
}
