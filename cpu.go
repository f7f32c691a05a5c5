package holmes

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/go-holmes/holmes/internal/cpuprofile"
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

// A cpuResult is the CPU profile of an event, in slices, and what is missing
// of it.
type cpuResult struct {
	slices []cpuprofile.Profile
	err    error
	waited time.Duration // for another profiler
}

// beginCPU profiles beside the inquiry, from the second suspicious tick on. It
// returns nil when no CPU profile is wanted.
func (q *inquiry) beginCPU() chan cpuResult {
	if !slices.Contains(q.first.kinds, KindCPU) {
		return nil
	}
	result := make(chan cpuResult, 1)
	q.run.spawn(&q.run.work, "cpu profile", func() { result <- q.profileCPU() })
	return result
}

func (q *inquiry) endCPU(result chan cpuResult) cpuResult {
	if result == nil {
		return cpuResult{}
	}
	return <-result
}

// profileCPU waits for the second suspicious tick, then for the profiler, then
// for the event to be decided and long enough a profile.
func (q *inquiry) profileCPU() cpuResult {
	begin := q.twice
	if q.quiet {
		begin = q.decided
	}
	select {
	case <-begin:
	case <-q.decided:
	case <-q.run.stop:
	}
	if q.dismissed() {
		return cpuResult{err: errLapsed}
	}
	if err := q.run.affords(q.cfg, q.run.h.priceOf(KindCPU)); err != nil {
		return cpuResult{err: err}
	}
	session, waited, err := q.joinCPU()
	if err != nil {
		return cpuResult{err: err, waited: waited}
	}
	q.sitCPU()
	got, err := session.Leave()
	return cpuResult{slices: got, err: err, waited: waited}
}

var errLapsed = errors.New("the rule lapsed before a CPU profile began")

// joinCPU waits for its part in the profiler: while the event is undecided,
// and then for as long as its patience lasts.
func (q *inquiry) joinCPU() (*cpuprofile.Session, time.Duration, error) {
	begin := q.run.clock.mono()
	retry := time.NewTicker(retryCPU)
	defer retry.Stop()
	var giveUp <-chan time.Time
	decided := q.decided
	for {
		session, err := q.run.h.cpu.Join(false)
		waited := q.run.clock.mono() - begin
		if err == nil {
			return session, waited, nil
		}
		if !errors.Is(err, cpuprofile.ErrBusy) || q.run.stopping() {
			return nil, waited, err
		}
		select {
		case <-retry.C:
		case <-giveUp:
			return nil, waited, err
		case <-q.run.stop:
		case <-decided:
			if decided = nil; q.dismissed() {
				return nil, waited, err
			}
			giveUp = time.After(patience)
		}
	}
}

// sitCPU lets the profile run: to the event's verdict, and at least for the
// sampling time unless the suspicion lapsed.
func (q *inquiry) sitCPU() {
	enough := time.NewTimer(q.cfg.cpuSampling)
	defer enough.Stop()
	limit := time.NewTimer(maxCPUProfile)
	defer limit.Stop()
	select {
	case <-q.decided:
	case <-limit.C:
		return
	case <-q.run.stop:
		return
	}
	if q.dismissed() {
		return
	}
	select {
	case <-enough.C:
	case <-q.run.stop:
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

// addCPU files a CPU profile under the time that it was really taken, a file
// for each slice.
func (d *dossier) addCPU(r cpuResult) {
	note := ""
	if r.waited >= retryCPU {
		note = fmt.Sprintf("waited %s for the CPU profiler, which the application or another profiler held", span(r.waited))
	}
	file := captures[KindCPU].file
	if len(r.slices) == 0 {
		d.add(Profile{Kind: KindCPU, File: file, Note: note, Err: r.err})
		return
	}
	if r.err != nil {
		note = joined(note, r.err.Error())
	}
	for i, s := range r.slices {
		p := Profile{Kind: KindCPU, File: file, Start: s.Start, Duration: s.Duration, Note: note}
		if i > 0 {
			p.File = fmt.Sprintf("cpu-%d.pb.gz", i+1)
		}
		d.store(&p, func(w io.Writer) error {
			_, err := w.Write(s.Data)
			return err
		})
		d.add(p)
	}
}

// joined is two notes as one, either of which may be empty.
func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}
