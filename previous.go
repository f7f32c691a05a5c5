package holmes

import (
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/internal/blackbox"
	"github.com/go-holmes/holmes/internal/humanize"
)

const (
	// maxPrevious is how many runs are told about at one start: a process in a
	// crash loop has many.
	maxPrevious = 4
	told        = time.Minute // of a run
	// nearLimit is the percentage of memory at which an end is taken for the
	// kernel's doing, and soon the time in which it would have been full.
	nearLimit = 90.0
	soon      = 10 * time.Second
)

// tellPrevious reads what runs have left that were not stopped. An end that
// looks like nobody's wish is an event; a process that its deployment ends
// without Stop every day is a line in the log.
func (r *run) tellPrevious() {
	c := r.h.cfg.Load()
	dir, err := r.h.store.Dir(c.store, blackboxDir)
	if err != nil {
		return // it has been reported why
	}
	defer dir.Close()
	orphans, dropped, err := blackbox.Adopt(dir, maxPrevious)
	if err != nil {
		r.Log.OnCause("black box", "previous runs: %v", err)
	}
	if dropped > 0 {
		r.Log.Infof("%d older runs ended without Stop, too", dropped)
	}
	for _, o := range orphans {
		r.tellOrphan(c, dir, o)
	}
}

func (r *run) tellOrphan(c *config, dir *os.Root, o *blackbox.Orphan) {
	p, why := previousRun(o)
	if why == "" {
		r.Log.Infof("a previous run ended without Stop, and with nothing unusual")
		r.endOrphan(o.Remove(dir))
		return
	}
	if !r.Tasks.Enter(captureWork) {
		r.endOrphan(o.Release(dir)) // for the next start
		return
	}
	defer r.Tasks.Leave(captureWork)
	text := "a previous run ended without Stop " + why
	if p.Ended.IsZero() { // before its first tick
		p.Ended = r.Clock.Wall()
	}
	s := Sample{Signal: SignalProcess, Value: p.MemoryPercent, At: p.Ended}
	f := &finding{
		signal: SignalProcess, onset: p.Ended,
		trigger: Trigger{Sample: s, Reason: Reason{Code: CodeCrash, Text: text}, Window: memoryOf(p)},
	}
	r.h.stats.suspected(f.signal)
	d := r.newDossier(c, f, StateSuspected)
	d.previous = p
	d.describe()
	d.conclude(f, StateConfirmed)
	r.h.stats.confirmed(f.signal)
	d.deliver()
	r.endOrphan(o.Remove(dir))
}

func (r *run) endOrphan(err error) {
	if err != nil {
		r.Log.OnCause("black box", "previous runs: %v", err)
	}
}

// previousRun returns the end of a run, and in words why it is worth an event;
// "" if it is not.
func previousRun(o *blackbox.Orphan) (p *PreviousRun, why string) {
	p = &PreviousRun{Crash: o.Crash}
	if o.Contents == nil {
		if p.Crash == "" {
			return p, ""
		}
		return p, "in a crash: " + crashLine(p.Crash)
	}
	minute, end := o.Contents.Summary(told), o.Contents.Summary(10*time.Second)
	p.Started, p.Ended, p.PID = o.Contents.Start, minute.At, o.Contents.PID
	p.MemoryPercent, p.MemoryRate = minute.MemoryShare(), math.Round(end.MemorySlope)
	p.LastState, p.LastEvent, p.LastSentence = minute.State, minute.EventID, minute.EventText
	for _, rec := range o.Contents.Records {
		if rec.Kind == blackbox.KindSample && !rec.At.Before(minute.SampleAt.Add(-told)) {
			s := rec.Sample
			p.Samples = append(p.Samples, PastSample{
				At: rec.At, CPUPercent: s.CPU, MemoryUsed: s.Memory, MemoryLimit: s.MemoryLimit,
				HeapLive: s.HeapLive, Goroutines: s.Goroutines, Threads: s.Threads,
			})
		}
	}
	why = unusual(p, minute)
	return p, why
}

// unusual says what is unusual about the end, "" if nothing is.
func unusual(p *PreviousRun, s blackbox.Summary) (why string) {
	left := detect.Never
	if limit := s.Sample.MemoryLimit; limit > 0 {
		left = detect.TimeLeft(limit-min(limit, s.Sample.Memory), p.MemoryRate)
	}
	during := p.LastEvent != "" && s.At.Sub(s.EventAt) < told
	if p.Crash == "" && p.MemoryPercent < nearLimit && left >= soon && !during {
		return ""
	}
	if len(p.Samples) > 0 {
		why = fmt.Sprintf("at %s %% of memory", humanize.Number(p.MemoryPercent))
	}
	if rate := p.MemoryRate / (1 << 20); rate >= 1 {
		why += fmt.Sprintf(", rising %.0f MiB/s", rate)
	}
	if p.Crash != "" {
		why = humanize.JoinBy(", ", why, "in a crash: "+crashLine(p.Crash))
	}
	if p.LastSentence != "" {
		why = humanize.JoinBy("; ", why, "last event: "+p.LastSentence)
	}
	return why
}

func memoryOf(p *PreviousRun) (percent []float64) {
	for _, s := range p.Samples {
		if s.MemoryLimit > 0 {
			percent = append(percent, float64(s.MemoryUsed)/float64(s.MemoryLimit)*100)
		}
	}
	return percent
}

// crashLine is what a crash is about: its first line. Of what the runtime calls
// a fatal error it keeps the stacks alone, so there it is the first function that
// is not its own.
func crashLine(text string) string {
	first, rest, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if !strings.HasPrefix(first, "goroutine ") {
		return first
	}
	for line := range strings.SplitSeq(rest, "\n") {
		function, args := line, strings.LastIndexByte(line, '(')
		if args > 0 {
			function = line[:args]
		}
		switch {
		case line == "":
			return first // the end of the stack that it was in
		case line[0] == '\t', strings.HasPrefix(line, "runtime."), strings.HasPrefix(line, "internal/runtime/"):
		default:
			return "fatal error in " + function
		}
	}
	return first
}
