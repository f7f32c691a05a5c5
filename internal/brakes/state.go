package brakes

import (
	"cmp"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
)

const (
	day = 24 * time.Hour
	// startTime is how long a run goes on with the brakes of the runs before it.
	startTime = 10 * time.Minute
	// crashCoolDown is the cool-down of events about previous runs. With its back-off a
	// crash loop of a day has eight.
	crashCoolDown = 10 * time.Minute
	// skew is by how much a time may be in the future: another host has written it.
	skew = time.Minute
	// maxProblems and maxReports bound the file.
	maxProblems = 500
	maxReports  = 100
)

// A state is what has happened within a day, the oldest problem first.
type state struct {
	Problems []problem `json:"problems"`
}

// A problem is why a service has events, without a day between two.
type problem struct {
	Service string        `json:"service"`
	Signal  detect.Signal `json:"signal"`
	Code    string        `json:"code"`
	Since   time.Time     `json:"since"`
	Last    time.Time     `json:"last"`
	Times   int           `json:"times"`   // reported or not
	Reports []report      `json:"reports"` // the oldest first
}

// A report is an event that was reported.
type report struct {
	ID    string    `json:"id,omitempty"`
	At    time.Time `json:"at"`
	Value float64   `json:"value"`
	Start bool      `json:"start,omitempty"` // it was soon after a start
}

// A question is whether an event may be reported.
type question struct {
	report
	service       string
	signal        detect.Signal
	code          string
	happened      time.Time
	began         time.Time // when its run began
	budget, quota int       // of the signal, and after starts; 0 is none
	margin        float64
	coolDown      time.Duration
	repeats       bool // the level is reported again after the cool-down
}

func questionOf(ev *event.Event, budget int, now time.Time) question {
	t := &ev.Trigger
	rule := &t.Reason.Rule
	uptime := time.Duration(ev.Readings.UptimeSeconds * float64(time.Second))
	q := question{
		report:  report{ID: ev.ID, Value: t.Sample.Value, Start: uptime < startTime},
		service: ev.Labels["service"], signal: t.Sample.Signal, code: t.Reason.Code, happened: ev.At.Round(0),
		began: ev.At.Add(-uptime), budget: budget, quota: (budget + 1) / 2, // the rest is for ends of runs
		margin: rule.Margin, coolDown: cmp.Or(rule.CoolDown, detect.DefaultPace().CoolDown),
	}
	if q.signal == event.SignalProcess {
		q.Start, q.repeats, q.coolDown, q.began, q.quota = true, true, crashCoolDown, time.Time{}, budget
	}
	if !within(q.happened, now) { // by a clock that was wrong
		q.happened = now
	}
	return q
}

// within reports whether a time is of the last day.
func within(at, now time.Time) bool { return now.Sub(at) < day && at.Sub(now) < skew }

// prune removes what is older than a day, and what is of the future, because the clock
// was set back.
func (s *state) prune(now time.Time) {
	problems := s.Problems[:0]
	for _, p := range s.Problems[max(len(s.Problems)-maxProblems, 0):] {
		if !within(p.Last, now) {
			continue
		}
		reports := p.Reports[:0]
		for _, r := range p.Reports[max(len(p.Reports)-maxReports, 0):] {
			if within(r.At, now) {
				reports = append(reports, r)
			}
		}
		p.Reports = reports
		problems = append(problems, p)
	}
	s.Problems = problems
}

// of returns the problem of an event, which may be new.
func (s *state) of(q *question) *problem {
	for i := range s.Problems {
		if p := &s.Problems[i]; p.Service == q.service && p.Signal == q.signal && p.Code == q.code {
			return p
		}
	}
	s.Problems = append(s.Problems, problem{Service: q.service, Signal: q.signal, Code: q.code, Since: q.happened})
	return &s.Problems[len(s.Problems)-1]
}

// admit counts an event, and returns its problem and why it may not be reported, "" if it
// may.
func (s *state) admit(q *question, now time.Time) (p *problem, refusal string) {
	s.prune(now)
	p = s.of(q)
	for i := range p.Reports {
		if q.ID != "" && q.ID == p.Reports[i].ID {
			return p, ""
		}
	}
	p.Times, p.Last = p.Times+1, now
	if refusal = s.refuses(q, now); refusal == "" {
		q.At = now
		p.Reports = append(p.Reports, q.report)
	}
	return p, refusal
}

// refuses returns why an event may not be reported. The budget is one for all processes
// of the service. The rest is for a run that has just begun, and by what there was before
// it: a process that is running limits itself.
func (s *state) refuses(q *question, now time.Time) string {
	base := now.Add(-day) // before all reports
	signal, level := detect.Limiter{Budget: q.budget}, detect.Limiter{}
	starts := 0
	for i := range s.Problems {
		p := &s.Problems[i]
		if p.Service != q.service {
			continue
		}
		for j := range p.Reports {
			r := &p.Reports[j]
			if r.Start {
				starts++
			}
			if p.Signal != q.signal {
				continue
			}
			at := r.At.Sub(base)
			if p.Code == q.code && (q.repeats || r.At.Before(q.began)) {
				level.Fired, level.Reported = true, r.Value
				level.Cool(at, q.coolDown)
			}
			signal.Report(at, r.Value, p.Code)
		}
	}
	switch {
	case q.Start && level.CoolUntil > day:
		return "was reported before the restart, and is cooling down"
	case q.Start && !q.repeats && !level.Armed(q.Value, q.margin):
		return "was reported before the restart"
	case q.Start && q.quota > 0 && starts >= q.quota:
		return "is over the day's budget of events after starts"
	case q.budget > 0 && !signal.Allows(day, q.code):
		return "is over the day's budget of the service"
	}
	return ""
}
