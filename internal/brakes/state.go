package brakes

import (
	"cmp"
	"slices"
	"sort"
	"strings"
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
	// maxProblems and maxReports bound the file, and maxStale and maxOld what is not of
	// the day: the clock may be set back to when it was.
	maxProblems, maxStale = 500, 50
	maxReports, maxOld    = 100, 10
)

// A state is what has happened, the oldest problem first.
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
	Over  bool      `json:"over,omitempty"`  // the signal has been back to normal since
	// Version is that of the program, since a new one is expected to be different.
	Version string `json:"version,omitempty"`
}

// A question is whether an event may be reported.
type question struct {
	report
	service     string
	signal      detect.Signal
	code        string
	happened    time.Time
	began       time.Time // when its run began
	budget      int       // of the signal; 0 is none
	quota, most int       // after starts, of its kind and in all; 0 is none
	margin      float64
	coolDown    time.Duration
	repeats     bool // the level is reported again after the cool-down
}

func questionOf(ev *event.Event, budget int, now time.Time) question {
	t := &ev.Trigger
	rule := &t.Reason.Rule
	uptime := time.Duration(ev.Readings.UptimeSeconds * float64(time.Second))
	q := question{
		report: report{
			ID: ev.ID, Value: t.Sample.Value, Start: uptime < startTime,
			Version: strings.TrimSpace(ev.Labels["version"] + " " + ev.Labels["revision"]),
		},
		service: ev.Labels["service"], signal: t.Sample.Signal, code: t.Reason.Code, happened: ev.At.Round(0),
		began: ev.At.Add(-uptime), budget: budget, quota: (budget + 1) / 2, most: budget, // the rest is for ends of runs
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

// prune bounds what there is, and moves what is of the future to now: the clock was set
// back, or another host has a wrong one.
func (s *state) prune(now time.Time) {
	s.moveBack(now)
	stale := 0
	for i := range s.Problems {
		if !within(s.Problems[i].Last, now) {
			stale++
		}
	}
	problems := s.Problems[:0]
	for _, p := range s.Problems[max(len(s.Problems)-maxProblems, 0):] {
		if !within(p.Last, now) {
			if stale--; stale >= maxStale {
				continue
			}
		}
		p.Reports = p.Reports[max(len(p.Reports)-maxReports, 0):]
		old := slices.IndexFunc(p.Reports, func(r report) bool { return within(r.At, now) })
		if old < 0 {
			old = len(p.Reports)
		}
		p.Reports = p.Reports[max(old-maxOld, 0):]
		problems = append(problems, p)
	}
	s.Problems = problems
}

// moveBack moves all times of the future by as much as the last one is ahead.
func (s *state) moveBack(now time.Time) {
	var ahead time.Duration
	for i := range s.Problems {
		ahead = max(ahead, s.Problems[i].Last.Sub(now))
	}
	if ahead < skew {
		return
	}
	move := func(t *time.Time) {
		if t.After(now) {
			*t = t.Add(-ahead)
		}
	}
	for i := range s.Problems {
		p := &s.Problems[i]
		move(&p.Last)
		move(&p.Since)
		for j := range p.Reports {
			move(&p.Reports[j].At)
		}
		sort.Stable(p)
	}
}

// A problem sorts its reports, the oldest first. Package slices would have a copy of its
// code for this type alone.

func (p *problem) Len() int           { return len(p.Reports) }
func (p *problem) Less(i, j int) bool { return p.Reports[i].At.Before(p.Reports[j].At) }
func (p *problem) Swap(i, j int)      { p.Reports[i], p.Reports[j] = p.Reports[j], p.Reports[i] }

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

// admit counts an event, and returns its problem and why it may not be reported, nil if it
// may.
func (s *state) admit(q *question, now time.Time) (*problem, *detect.Refusal) {
	s.prune(now)
	p := s.of(q)
	for i := range p.Reports {
		if q.ID != "" && q.ID == p.Reports[i].ID {
			return p, nil
		}
	}
	if !within(p.Last, now) {
		p.Times, p.Since = 0, q.happened
	}
	p.Times, p.Last = p.Times+1, now
	refusal := s.refuses(q, now)
	if refusal == nil {
		q.At = now
		p.Reports = append(p.Reports, q.report)
	}
	return p, refusal
}

// A record is what of the day an event is judged by.
type record struct {
	signal    detect.Limiter // all of the signal
	level     detect.Limiter // its level, before the run
	reports   []*report      // of the signal, the oldest first
	starts    int            // reports after starts
	forecasts int            // of them
}

// recordOf returns the record of the service, on a clock that is at day now.
func (s *state) recordOf(q *question, now time.Time) record {
	r := record{signal: detect.Limiter{Budget: q.budget}}
	for i := range s.Problems {
		p := &s.Problems[i]
		if p.Service != q.service {
			continue
		}
		for j := range p.Reports {
			if within(p.Reports[j].At, now) {
				r.add(q, p, &p.Reports[j], day-now.Sub(p.Reports[j].At))
			}
		}
	}
	slices.SortFunc(r.reports, func(a, b *report) int { return a.At.Compare(b.At) })
	return r
}

func (r *record) add(q *question, p *problem, was *report, at time.Duration) {
	if was.Start {
		r.starts++
		if p.Code == detect.CodeForecast {
			r.forecasts++
		}
	}
	if p.Signal != q.signal {
		return
	}
	r.reports = append(r.reports, was)
	r.signal.Report(at, was.Value, p.Code)
	if p.Code != q.code || !q.repeats && !was.At.Before(q.began) {
		return
	}
	r.level.Cool(at, q.coolDown)
	if !was.Over && was.Version == q.Version {
		r.level.Fired, r.level.Reported = true, was.Value
	}
}

// refuses returns why an event may not be reported, nil if it may. The budget is one for
// all processes of the service. The rest is by what there was before the run, and the
// cool-down and the quota are for one that has just begun: a process that is running
// limits itself.
func (s *state) refuses(q *question, now time.Time) *detect.Refusal {
	r := s.recordOf(q, now)
	switch {
	case q.Start && r.level.CoolUntil > day:
		return &detect.Refusal{Why: "was reported before the restart, and is cooling down", For: r.level.CoolUntil - day}
	case !q.repeats && !r.level.Armed(q.Value, q.margin):
		return &detect.Refusal{Why: "was reported before the restart", Level: true, Reported: r.level.Reported}
	case q.Start && q.overQuota(&r):
		return &detect.Refusal{Why: "is over the day's budget of events after starts", For: startTime - now.Sub(q.began)}
	case q.budget > 0 && !r.signal.Allows(day, q.code):
		return &detect.Refusal{Why: "is over the day's budget of the service", For: day - now.Sub(r.reports[len(r.reports)-q.budget].At)}
	}
	return nil
}

// overQuota reports whether there have been enough reports after starts. Half of them are
// for ends of runs. The first forecast is never one too many, and has its place among
// them: it tells of a process that is about to be killed.
func (q *question) overQuota(r *record) bool {
	if q.quota <= 0 {
		return false
	}
	switch {
	case q.code == detect.CodeForecast:
		return r.forecasts > 0 && r.starts >= q.most
	case q.signal == event.SignalProcess && r.forecasts == 0:
		return r.starts >= max(q.quota-1, 1)
	default:
		return r.starts >= q.quota
	}
}

// A calm is that a signal has been back to normal.
type calm struct {
	service string
	signal  detect.Signal
	began   time.Time // when the run began that has seen it
	ids     []string  // of its own reports
}

// ends marks what was reported of the signal before the run, or by it, as over. It reports
// whether there was something.
func (s *state) ends(c *calm) (changed bool) {
	for i := range s.Problems {
		p := &s.Problems[i]
		if p.Service != c.service || p.Signal != c.signal {
			continue
		}
		for j := range p.Reports {
			r := &p.Reports[j]
			if !r.Over && (r.At.Before(c.began) || slices.Contains(c.ids, r.ID)) {
				r.Over, changed = true, true
			}
		}
	}
	return changed
}
