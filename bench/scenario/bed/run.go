package bed

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-holmes/holmes"

	"github.com/go-holmes/holmes/bench/scenario"
)

// A Result is the result of one run.
type Result struct {
	// Events is the number of confirmed events: in a control all of them, else those
	// that may be of the fault. Early is the number of those before the fault.
	Events, Early int
	// Rounds is the number of baselines.
	Rounds uint64
	// Signal is that of the judged event, which is the first.
	Signal holmes.Signal
	// Rank is the position of the first guilty function among the culprits, 0 for
	// none.
	Rank int
	// Confident is whether a function is named with confidence, in a control by any
	// event, and Wrong whether it is not guilty.
	Confident, Wrong bool
	// Sentence is that of the event, and After the time from the fault to the
	// verdict.
	Sentence string
	After    time.Duration
}

// Captured reports whether there is an event.
func (r *Result) Captured() bool { return r.Events > 0 }

// runTime bounds one run.
const runTime = 3 * time.Minute

// Run runs a plan in a child, which is another process of a program that calls [Child]
// first, and judges its events.
func Run(ctx context.Context, exe string, s scenario.Scenario, p Plan) (r Result, err error) {
	text, err := json.Marshal(p)
	if err != nil {
		return r, err
	}
	ctx, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), Env+"="+string(text))
	if out, err := cmd.CombinedOutput(); err != nil {
		return r, fmt.Errorf("%s: the process failed: %w: %s", s.Name, err, out)
	}
	return Judge(s, p.Dir)
}

// Judge compares the events in a plan's directory with the guilty functions. It takes the
// first confirmed one that began with the fault and is of a signal of the scenario; of a
// control it takes all.
func Judge(s scenario.Scenario, dir string) (r Result, err error) {
	raw, err := os.ReadFile(filepath.Join(dir, notesFile))
	if err != nil {
		return r, err
	}
	var n notes
	if err := json.Unmarshal(raw, &n); err != nil {
		return r, fmt.Errorf("%s: %w", notesFile, err)
	}
	r.Rounds = n.Rounds
	events, err := load(filepath.Join(dir, dumpFolder))
	if err != nil {
		return r, err
	}
	for _, e := range events {
		if e.State == holmes.StateConfirmed && e.At.Before(n.FaultAt) {
			r.Early++
		}
	}
	if s.Control() {
		r.judgeControl(events)
		return r, nil
	}
	events = slices.DeleteFunc(events, func(e *holmes.Event) bool { return !matches(e, s, n.FaultAt) })
	if r.Events = len(events); r.Events > 0 {
		r.judge(s, events[0], n.FaultAt)
	}
	return r, nil
}

// load returns the events on disk, in the order of their verdicts.
func load(dir string) (events []*holmes.Event, err error) {
	folders, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range folders {
		path := filepath.Join(dir, f.Name())
		if _, err := os.Stat(filepath.Join(path, "event.json")); err != nil {
			continue // not an event's folder
		}
		e, err := holmes.LoadEvent(path)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	slices.SortStableFunc(events, func(a, b *holmes.Event) int {
		return a.Trigger.Sample.At.Compare(b.Trigger.Sample.At)
	})
	return events, nil
}

// judge compares the diagnosis of an event with the guilty functions.
func (r *Result) judge(s scenario.Scenario, e *holmes.Event, since time.Time) {
	r.Signal, r.Sentence = e.Trigger.Sample.Signal, e.Sentence()
	r.After = e.Trigger.Sample.At.Sub(since)
	for i, c := range e.Diagnosis.Culprits {
		if s.Blames(c.Function) {
			r.Rank = i + 1
			break
		}
	}
	r.Confident = e.Diagnosis.Confident
	r.Wrong = r.Confident && r.Rank != 1
}

// judgeControl checks whether a function was named although none is guilty.
func (r *Result) judgeControl(events []*holmes.Event) {
	for _, e := range events {
		if e.State != holmes.StateConfirmed {
			continue
		}
		if r.Events++; r.Sentence == "" || e.Diagnosis.Confident {
			r.Signal = e.Trigger.Sample.Signal
			r.Sentence = cmp.Or(e.Sentence(), "-")
		}
		if e.Diagnosis.Confident {
			r.Confident, r.Wrong = true, true
			return
		}
	}
}
