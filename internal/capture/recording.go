package capture

import (
	"time"

	"github.com/go-holmes/holmes/internal/supervise"
)

// Phases is what a recording knows of its event's life.
type Phases struct {
	Second    <-chan struct{} // closed when the rule has fired for a second sample
	Decided   <-chan struct{} // closed at the verdict
	Dismissed func() bool     // reports the verdict, once Decided is closed
	Stop      <-chan struct{} // closed when the recording should end with what it has

	Deferred bool          // evidence begins with the verdict
	OnDemand bool          // on demand: the capture begins at once or not at all
	AtLeast  time.Duration // least duration, unless the event is dismissed
}

// dismissed reports whether there is a verdict that dismisses the event.
func (p *Phases) dismissed() bool { return supervise.Closed(p.Decided) && p.Dismissed() }

// begin waits for the moment to begin a recording, and reports whether to begin it.
func (p *Phases) begin() bool {
	second := p.Second
	if p.Deferred {
		second = nil
	}
	select {
	case <-second:
	case <-p.Decided:
	case <-p.Stop:
	}
	return !p.dismissed()
}

// MaxRecording is the maximum duration of a recording whose event is not decided.
const MaxRecording = time.Minute

// firstSlice is the length of the first slice of a recording. Each slice is twice as
// long as the one before it, so that a process that is killed leaves at least a third
// of the profile, and little is lost by stopping and starting.
const firstSlice = 2 * time.Second

// last returns when the recording has lasted long enough: until the verdict, and for
// AtLeast unless the event is dismissed. Meanwhile it calls cut at the end of each
// slice, unless cut is nil.
func (p *Phases) last(cut func()) {
	enough := time.NewTimer(p.AtLeast)
	defer enough.Stop()
	limit := time.NewTimer(MaxRecording)
	defer limit.Stop()
	slice := firstSlice
	due := time.NewTimer(slice)
	defer due.Stop()
	for {
		select {
		case <-due.C:
			if cut != nil {
				cut()
				slice *= 2
				due.Reset(slice)
			}
		case <-p.Decided:
			if p.Dismissed() {
				return
			}
			select {
			case <-enough.C:
			case <-p.Stop:
			}
			return
		case <-limit.C:
			return
		case <-p.Stop:
			return
		}
	}
}

// sleep waits for d. It returns false at once when the event is dismissed or the
// recording should end.
func (p *Phases) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	decided := p.Decided
	for {
		select {
		case <-timer.C:
			return true
		case <-p.Stop:
			return false
		case <-decided:
			if decided = nil; p.Dismissed() {
				return false
			}
		}
	}
}

// A Result adds what was recorded to the evidence. The goroutine of the event calls
// it.
type Result func(*Evidence)

// A Stage is the time when the event needs a recording to be complete.
type Stage int

// The stages of a recording.
const (
	AtVerdict Stage = iota // before any further capture, which it would include
	AtLength               // when it has lasted long enough
)

// Recordings are the recordings beside one event. The goroutine of the event uses
// them.
type Recordings struct {
	scope *supervise.Scope
	ready supervise.Bell
	all   []recording
}

type recording struct {
	stage   Stage
	results chan Result
	over    bool
}

// maxResults is more than one recording returns, so that none waits for the disk.
const maxResults = 16

func (r *Recordings) begin(name string, stage Stage, record func(out func(Result))) {
	results := make(chan Result, maxResults)
	r.all = append(r.all, recording{stage: stage, results: results})
	r.scope.Go(name, func() {
		defer r.ready.Ring()
		defer close(results)
		record(func(res Result) {
			results <- res
			r.ready.Ring()
		})
	})
}

// Ready returns a channel that gets a value when there are results to drain.
func (r *Recordings) Ready() <-chan struct{} { return r.ready }

// Drain adds the results so far, and reports whether there were any. It does not
// wait.
func (r *Recordings) Drain(e *Evidence) (some bool) {
	for i := range r.all {
		for rec := &r.all[i]; !rec.over; some = true {
			res, ready := rec.next()
			if !ready {
				break
			}
			if res != nil {
				res(e)
			}
		}
	}
	return some
}

// next returns a result if there is one, or nil and true at the end of the recording.
func (r *recording) next() (res Result, ready bool) {
	select {
	case got, more := <-r.results:
		r.over = !more
		return got, true
	default:
		return nil, false
	}
}

// Finish waits for the recordings of the stages up to s. Meanwhile it adds the
// results of all.
func (r *Recordings) Finish(e *Evidence, s Stage) {
	for {
		r.Drain(e)
		if !r.open(s) {
			return
		}
		<-r.ready
	}
}

func (r *Recordings) open(s Stage) bool {
	for i := range r.all {
		if rec := &r.all[i]; !rec.over && rec.stage <= s {
			return true
		}
	}
	return false
}
