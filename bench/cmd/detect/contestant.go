package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-holmes/holmes"

	"github.com/go-holmes/holmes/bench/internal/judge"
	"github.com/go-holmes/holmes/bench/internal/peers"
	"github.com/go-holmes/holmes/bench/internal/replay"
	"github.com/go-holmes/holmes/bench/internal/usage"
)

// A contestant judges series.
type contestant struct {
	name  string
	role  role
	judge func(s usage.Series) (captures []int)
}

// Window and Hold of the default rule, in samples, where a sample is a minute or
// more and 15 seconds are none.
const (
	coarseWindow = 16
	coarseHold   = 2
)

// ours returns the contestant with the default rule of a signal.
func (t *trial) ours(signal holmes.Signal) contestant {
	return contestant{name: "holmes", role: ourselves, judge: func(s usage.Series) (at []int) {
		c := replay.Default(signal, s.Step)
		if changed, ok := t.rules[signal]; ok {
			c.Rule = changed
		}
		if s.Step >= time.Minute {
			c.Rule.Window, c.Rule.Hold = coarseWindow*s.Step, coarseHold*s.Step
		}
		for _, one := range c.Run(s.Values) {
			at = append(at, one.Confirmed)
		}
		return at
	}}
}

// theirs returns a contestant with a peer's rule.
func theirs(name string, part role, r peers.Rule) contestant {
	return contestant{name: name, role: part, judge: func(s usage.Series) []int {
		return r.Captures(s.Values, s.Step)
	}}
}

// abs is mosn/holmes's default of a signal.
func abs(signal holmes.Signal) int {
	if signal == holmes.SignalMem {
		return 80
	}
	return 70
}

// others returns the peers at a step: with their defaults, and also at a reading a
// second where their default is another.
func (t *trial) others(signal holmes.Signal, step time.Duration) []contestant {
	if t.alone {
		return nil
	}
	mosn := peers.Mosn{Min: 10, Diff: 25, Abs: abs(signal), CoolDown: time.Minute}
	auto := peers.Autopprof{Threshold: 75}
	if step >= time.Minute {
		return []contestant{theirs("mosn/holmes", classic, mosn), theirs("autopprof", autopprof, auto)}
	}
	slow, slowAuto := mosn, auto
	slow.Every, slowAuto.Every = int(5*time.Second/step), int(5*time.Second/step)
	return []contestant{
		theirs("mosn/holmes, every 5 s (its default)", classic, slow), theirs("mosn/holmes, every second", aside, mosn),
		theirs("autopprof, every 5 s (its default)", autopprof, slowAuto), theirs("autopprof, every second", aside, auto),
	}
}

// tuned returns mosn/holmes's rule with the parameters that hit most faults at no more
// false captures a day than rate. To its advantage they are chosen on the series that
// it is reported on. It returns false if there are no such parameters.
func tuned(faults, calm []usage.Series, signal holmes.Signal, rate float64) (best contestant, ok bool) {
	most, least := -1, 0.0
	for _, m := range grid(signal) {
		var onFaults, onCalm judge.Score
		for _, s := range calm {
			onCalm.Count(s, m.Captures(s.Values, s.Step))
		}
		if onCalm.Rate() > rate {
			continue
		}
		for _, s := range faults {
			onFaults.Count(s, m.Captures(s.Values, s.Step))
		}
		if onFaults.Hit > most || (onFaults.Hit == most && onCalm.Rate() < least) {
			most, least, ok = onFaults.Hit, onCalm.Rate(), true
			best = theirs(fmt.Sprintf("mosn/holmes at min %d, diff %d, abs %d: the best of %d at no more false captures than holmes",
				m.Min, m.Diff, m.Abs, len(grid(signal))), equal, m)
		}
	}
	return best, ok
}

// grid returns the parameters that mosn/holmes's rule is tried with.
func grid(signal holmes.Signal) (all []peers.Mosn) {
	for _, least := range []int{10, 20, 30, 50, 70} {
		for _, diff := range []int{10, 25, 50, 100, 150, 200, 400, 800} {
			for _, most := range []int{abs(signal), 90, 95, 1000} {
				all = append(all, peers.Mosn{Min: least, Diff: diff, Abs: most, CoolDown: time.Minute})
			}
		}
	}
	return all
}

// parseRule changes the fields of a rule that -rule names; durations are strings
// such as "3m".
func parseRule(text string, rule holmes.Threshold) (holmes.Threshold, error) {
	fields := map[string]any{}
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		return rule, fmt.Errorf("-rule %s: %w", text, err)
	}
	for name, v := range fields {
		if s, is := v.(string); is {
			d, err := time.ParseDuration(s)
			if err != nil {
				return rule, fmt.Errorf("-rule: %s: %w", name, err)
			}
			fields[name] = d
		}
	}
	raw, err := json.Marshal(fields)
	if err == nil {
		err = json.Unmarshal(raw, &rule)
	}
	return rule, err
}
