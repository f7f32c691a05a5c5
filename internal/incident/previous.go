package incident

import (
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
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
// was not wanted is an event; a process that its deployment ends
// without Stop every day is a line in the log.
func (in *Incidents) tellPrevious() {
	dir, err := in.Store.Dir(in.Config().Store, blackboxDir)
	if err != nil {
		return // which was reported when the dump path was opened
	}
	defer dir.Close()
	orphans, dropped, err := blackbox.Adopt(dir, maxPrevious)
	if err != nil {
		in.Scope.Log.OnCause("black box", "previous runs: %v", err)
	}
	if dropped > 0 {
		in.Scope.Log.Infof("%d older runs ended without Stop, too", dropped)
	}
	for _, o := range orphans {
		in.tellOrphan(dir, o)
	}
}

func (in *Incidents) tellOrphan(dir *os.Root, o *blackbox.Orphan) {
	p, why := previousRun(o)
	if why == "" {
		in.Scope.Log.Infof("a previous run ended without Stop, and with nothing unusual")
		in.endOrphan(o.Remove(dir))
		return
	}
	if !in.Scope.Tasks.Enter(Task) {
		in.endOrphan(o.Release(dir)) // for the next start
		return
	}
	defer in.Scope.Tasks.Leave(Task)
	text := "a previous run ended without Stop " + why
	if p.Ended.IsZero() { // before its first tick
		p.Ended = in.Scope.Clock.Wall()
	}
	c := Cause{
		Signal: event.SignalProcess, Onset: p.Ended,
		Trigger: event.Trigger{
			Sample: detect.Sample{Signal: event.SignalProcess, Value: p.MemoryPercent, At: p.Ended},
			Reason: detect.Reason{Code: detect.CodeCrash, Text: text}, Window: memoryOf(p),
		},
	}
	in.Counters.count(c.Signal, Count{Suspected: 1})
	b := in.create(c, event.StateSuspected)
	b.previous = p
	b.describe()
	b.conclude(c, event.StateConfirmed)
	in.endOrphan(o.Remove(dir))
}

func (in *Incidents) endOrphan(err error) {
	if err != nil {
		in.Scope.Log.OnCause("black box", "previous runs: %v", err)
	}
}

// previousRun returns the end of a run, and in words why it is worth an event;
// "" if it is not.
func previousRun(o *blackbox.Orphan) (p *event.PreviousRun, why string) {
	p = &event.PreviousRun{Crash: o.Crash}
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
			p.Samples = append(p.Samples, event.PastSample{
				At: rec.At, CPUPercent: s.CPU, MemoryUsed: s.Memory, MemoryLimit: s.MemoryLimit,
				HeapLive: s.HeapLive, Goroutines: s.Goroutines, Threads: s.Threads,
			})
		}
	}
	why = unusual(p, minute)
	return p, why
}

// unusual says what is unusual about the end, "" if nothing is.
func unusual(p *event.PreviousRun, s blackbox.Summary) (why string) {
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

func memoryOf(p *event.PreviousRun) (percent []float64) {
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
