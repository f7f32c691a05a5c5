package incident

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"strings"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/blackbox"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/humanize"
)

const (
	// maxPrevious is how many runs are reported at one start: a process in a crash
	// loop has many.
	maxPrevious = 4
	reported    = time.Minute // at the end of a run
	// The kernel has probably killed a process whose memory was at nearLimit percent,
	// or would have been full within nearEnd.
	nearLimit = 90.0
	nearEnd   = 10 * time.Second
)

// reportPrevious reports the runs that ended without Stop, whose black boxes OpenBox has
// taken over. An unusual end is an event. Any other is a line in the log, because some
// deployments end a process without Stop every day.
func (in *Incidents) reportPrevious() {
	orphans, earlier := in.Box.takeOrphans()
	all := true
	for _, o := range orphans {
		all = in.reportOrphan(o, earlier) && all
	}
	if all {
		in.Box.forgetEarlier()
	}
}

// reportOrphan reports one run, or leaves it to the next start if this one is stopping.
// earlier is how many runs there were before those that are reported.
func (in *Incidents) reportOrphan(o *blackbox.Orphan, earlier uint64) (reported bool) {
	p, why := previousRun(o, in.Config().Labels)
	if why == "" {
		in.Scope.Log.Infof("a previous run ended without Stop, and with nothing unusual")
		in.endOrphan(in.inBoxes(o.Remove))
		return true
	}
	if !in.Scope.Tasks.Enter(Task) {
		in.endOrphan(in.inBoxes(o.Release))
		return false
	}
	defer in.Scope.Tasks.Leave(Task)
	text := "a previous run ended without Stop " + why
	if o.Contents != nil && o.Contents.Panicked {
		text = "a previous run was stopped " + why
	}
	if p.Earlier = earlier; p.Earlier > 0 {
		text += fmt.Sprintf("; %d earlier runs ended without Stop, too", p.Earlier)
	}
	if p.Ended.IsZero() { // before its first tick
		p.Ended = in.Scope.Clock.Wall()
	}
	c := &Cause{
		Signal: event.SignalProcess, Onset: p.Ended,
		Trigger: event.Trigger{
			Sample: detect.Sample{Signal: event.SignalProcess, Value: p.MemoryPercent, At: p.Ended},
			Reason: detect.Reason{Code: detect.CodeCrash, Text: text}, Window: memoryOf(p),
		},
	}
	if !in.admit(c) {
		in.endOrphan(in.inBoxes(o.Remove))
		return true
	}
	in.Counters.count(c.Signal, Count{Suspected: 1})
	b := in.create(in.Scope.Ctx, c, event.StateSuspected)
	b.previous, b.Event.Labels = p, maps.Clone(o.Labels())
	b.describe()
	b.conclude(c, event.StateConfirmed)
	in.endOrphan(in.inBoxes(o.Remove))
	return true
}

// admit reports whether an event for a cause is to be reported, and counts it.
func (in *Incidents) admit(c *Cause) bool {
	ev := event.Event{At: c.Onset, Trigger: c.Trigger, Labels: in.Config().Labels}
	ok := in.Brakes.Admit(&ev)
	c.Trigger = ev.Trigger
	return ok
}

func (in *Incidents) endOrphan(err error) {
	if err != nil && !errors.Is(err, eventstore.ErrNoAnswer) {
		in.Scope.Log.OnCause("previous runs", "previous runs cannot be read or removed, so they may be reported again, or never: %v", err)
	}
}

// previousRun returns the end of a run, and what was unusual about it; "" if nothing
// was. labels are those of this process.
func previousRun(o *blackbox.Orphan, labels map[string]string) (p *event.PreviousRun, why string) {
	p = &event.PreviousRun{Crash: o.Crash}
	if o.Contents == nil {
		if p.Crash == "" {
			return p, ""
		}
		return p, "in a crash: " + crashLine(p.Crash)
	}
	minute, end := o.Contents.Summary(reported), o.Contents.Summary(10*time.Second)
	p.Started, p.Ended, p.PID = o.Contents.Start, minute.At, o.Contents.PID
	p.MemoryPercent, p.MemoryRate = minute.MemoryShare(), math.Round(end.MemorySlope)
	p.LastState, p.LastEvent, p.LastSentence = minute.State, minute.EventID, minute.EventText
	for _, rec := range o.Contents.Records {
		if rec.Kind == blackbox.KindSample && !rec.At.Before(minute.SampleAt.Add(-reported)) {
			s := rec.Sample
			p.Samples = append(p.Samples, event.PastSample{
				At: rec.At, CPUPercent: s.CPU, MemoryUsed: s.Memory, MemoryLimit: s.MemoryLimit,
				HeapLive: s.HeapLive, Goroutines: s.Goroutines, Threads: s.Threads,
			})
		}
	}
	if o.Contents.Panicked {
		return p, "in a " + minute.State // which Close has recorded
	}
	if why = unusual(p, &minute); why == "" && containerRestarted(o.Labels(), labels) {
		why = "and its container was started again"
	}
	return p, why
}

// containerRestarted reports whether Kubernetes has started a container of a pod again,
// after a run with the labels was. A rollout makes pods of other names, or with other
// versions of the program.
func containerRestarted(was, is map[string]string) bool {
	same := func(label string) bool { return was[label] == is[label] }
	return os.Getenv("KUBERNETES_SERVICE_HOST") != "" && was["instance"] != "" && same("instance") && same("version") && same("revision")
}

// unusual describes what is unusual about the end, "" if nothing is.
func unusual(p *event.PreviousRun, s *blackbox.Summary) (why string) {
	left := detect.Never
	if limit := s.Sample.MemoryLimit; limit > 0 {
		left = detect.TimeLeft(limit-min(limit, s.Sample.Memory), p.MemoryRate)
	}
	during := p.LastEvent != "" && s.At.Sub(s.EventAt) < reported
	if p.Crash == "" && p.MemoryPercent < nearLimit && left >= nearEnd && !during {
		return ""
	}
	if len(p.Samples) > 0 {
		why = fmt.Sprintf("at %s %% of memory", humanize.Number(p.MemoryPercent))
		if before := s.EventAt.Sub(s.SampleAt); during && before > 0 { // such as that of the memory watcher
			why += fmt.Sprintf(" %s before its last event", humanize.Duration(before))
		}
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

// crashLine returns the first line of a crash. After a fatal error the runtime writes
// only the stacks, so it returns the first function that is not the runtime's.
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
			return first // the end of the first stack
		case line[0] == '\t', strings.HasPrefix(line, "runtime."), strings.HasPrefix(line, "internal/runtime/"):
		default:
			return "fatal error in " + function
		}
	}
	return first
}
