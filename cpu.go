package holmes

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes/internal/cpuprofile"
	"github.com/go-holmes/holmes/internal/humanize"
	"github.com/go-holmes/holmes/internal/pprofread"
)

// processCPU is the one CPU profiler of the process, shared by all instances:
// the runtime has no more than one.
var processCPU = cpuprofile.New(cpuprofile.Runtime{})

const (
	// maxCPUProfile ends a profile whose event is not decided by then.
	maxCPUProfile = time.Minute
	// patience is how long an event waits after its confirmation for a
	// profiler that someone else holds: net/http/pprof asks for 30 s, and the
	// default hold has passed by then.
	patience = 15 * time.Second
	retryCPU = 250 * time.Millisecond
)

// A cpuResult is a part of the CPU profile of an event, in slices, and what is
// missing of it.
type cpuResult struct {
	slices []cpuprofile.Profile
	err    error
	waited time.Duration // for another profiler
	holder string        // which one, as far as that can be told
}

// firstSlice is when the first slice of a CPU profile is written down. Each is
// twice as long as the one before it, so that whoever is killed in the middle
// leaves at least a third of the profile, and little is lost by stopping and
// starting.
const firstSlice = 2 * time.Second

// beginCPU profiles beside the inquiry, from the second suspicious tick on. The
// channel holds the parts in their order, and is closed after the last; it is
// nil when no CPU profile is wanted.
func (q *inquiry) beginCPU() <-chan cpuResult {
	if !slices.Contains(q.first.kinds, KindCPU) {
		return nil
	}
	parts := make(chan cpuResult, maxSlices)
	q.run.Go("cpu profile", func() {
		defer close(parts)
		parts <- q.profileCPU(parts)
	})
	return parts
}

// maxSlices is more than doubling makes of maxCPUProfile, so that nobody waits
// for the disk while profiling.
const maxSlices = 8

// profileCPU waits for the second suspicious tick, then for the profiler, then
// for the event to be decided and long enough a profile. It hands slices on as
// they are done, and returns the last part.
func (q *inquiry) profileCPU(parts chan<- cpuResult) cpuResult {
	begin := q.twice
	if q.quiet {
		begin = q.decided
	}
	select {
	case <-begin:
	case <-q.decided:
	case <-q.run.Stop:
	}
	if q.dismissed() {
		return cpuResult{err: errLapsed}
	}
	if err := q.run.affords(q.cfg, q.run.h.priceOf(KindCPU)); err != nil {
		return cpuResult{err: err}
	}
	session, last := q.joinCPU()
	if last.err != nil {
		return last
	}
	q.sitCPU(func() {
		got, err := session.Cut()
		parts <- cpuResult{slices: got, err: err, waited: last.waited, holder: last.holder}
		last.waited = 0 // told
	})
	last.slices, last.err = session.Leave()
	return last
}

var (
	errLapsed  = errors.New("the rule lapsed before it began")
	errStopped = errors.New("holmes was stopped")
)

// joinCPU waits for its part in the profiler: while the event is undecided,
// and then for as long as its patience lasts.
func (q *inquiry) joinCPU() (*cpuprofile.Session, cpuResult) {
	begin := q.run.Clock.Mono()
	retry := time.NewTicker(retryCPU)
	defer retry.Stop()
	var giveUp <-chan time.Time
	decided := q.decided
	holder := ""
	for {
		session, err := q.run.h.cpu.Join(false)
		waited := q.run.Clock.Mono() - begin
		if err != nil && holder == "" && errors.Is(err, cpuprofile.ErrBusy) {
			holder = q.run.cpuHolder(q.cfg)
		}
		r := cpuResult{err: err, waited: waited, holder: holder}
		if err == nil {
			return session, r
		}
		if !errors.Is(err, cpuprofile.ErrBusy) || q.run.Stopping() {
			return nil, r
		}
		select {
		case <-retry.C:
		case <-giveUp:
			return nil, r
		case <-q.run.Stop:
		case <-decided:
			if decided = nil; q.dismissed() {
				return nil, r
			}
			giveUp = time.After(patience)
		}
	}
}

// sitCPU lets the profile run: to the event's verdict, and at least for the
// sampling time unless the suspicion lapsed. It cuts it meanwhile.
func (q *inquiry) sitCPU(cut func()) {
	enough := time.NewTimer(q.cfg.cpuSampling)
	defer enough.Stop()
	limit := time.NewTimer(maxCPUProfile)
	defer limit.Stop()
	slice := firstSlice
	due := time.NewTimer(slice)
	defer due.Stop()
	for {
		select {
		case <-due.C:
			cut()
			slice *= 2
			due.Reset(slice)
		case <-q.decided:
			if q.dismissed() {
				return
			}
			select {
			case <-enough.C:
			case <-q.run.Stop:
			}
			return
		case <-limit.C:
			return
		case <-q.run.Stop:
			return
		}
	}
}

func (q *inquiry) dismissed() bool {
	select {
	case <-q.decided:
		return q.verdict == StateDismissed
	default:
		return false
	}
}

// A cpuFile is the CPU profile of an event on disk, as far as it has come.
type cpuFile struct {
	slices []cpuprofile.Profile
	notes  string
	place  int // in the event's profiles, from 1 on; 0 before there is one
}

// addCPU adds a part to the CPU profile: one file, written anew with each slice,
// so that it is whole at any moment. It is filed under the time when it was
// really taken.
func (d *dossier) addCPU(r cpuResult) {
	f := &d.cpu
	switch {
	case r.waited >= retryCPU:
		f.notes = humanize.Join(f.notes, fmt.Sprintf("waited %s for the CPU profiler, which %s held", humanize.Duration(r.waited), r.holder))
	case errors.Is(r.err, cpuprofile.ErrBusy):
		f.notes = humanize.Join(f.notes, "held by "+r.holder)
	}
	f.slices = append(f.slices, r.slices...)
	p := Profile{Kind: KindCPU, File: KindCPU.File(), Note: f.notes}
	if len(f.slices) == 0 {
		if p.Err = r.err; p.Err != nil {
			d.add(p)
		}
		return
	}
	if r.err != nil && !strings.Contains(f.notes, r.err.Error()) {
		f.notes = humanize.Join(f.notes, r.err.Error())
	}
	p.Start, p.Note = f.slices[0].Start, f.notes
	for _, s := range f.slices {
		p.Duration += s.Duration
	}
	raw, err := f.join()
	if err != nil { // the slices before it stay
		d.Log.OnCause("join", "event %s: %v", d.ev.ID, err)
		return
	}
	d.replace(&p, func(w io.Writer) error {
		_, err := w.Write(raw)
		return err
	})
	if f.place == 0 {
		d.add(p)
		f.place = len(d.ev.Profiles)
		return
	}
	d.ev.Profiles[f.place-1] = p
}

// join returns the slices as one profile.
func (f *cpuFile) join() ([]byte, error) {
	if len(f.slices) == 1 {
		return f.slices[0].Data, nil
	}
	raws := make([][]byte, len(f.slices))
	for i, s := range f.slices {
		raws[i] = s.Data
	}
	return pprofread.Join(raws...)
}
