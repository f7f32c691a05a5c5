package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/go-holmes/holmes"

	"github.com/go-holmes/holmes/bench/internal/report"
	"github.com/go-holmes/holmes/bench/internal/usage"
)

// injected is the table of faults on top of calm stretches.
func (t *trial) injected() report.Table {
	table := report.Table{
		Title: "Faults on top of calm stretches",
		Head:  []string{"Fault", "Rule", "Found", "Median delay to the verdict"},
		Remarks: []string{fmt.Sprintf("%d of each fault on every recording, each after %v of calm, with fixed seeds. Memory is lifted to a mean of %.0f to %.0f %%. "+
			"holmes's evidence begins with the first suspicious reading, up to 15 s before its verdict. A spike that is shorter than the hold of 15 s is a near miss by design: "+
			"its evidence stays on disk, and it is not found here.", casesEach, calmBefore, leastMemory, mostMemory)},
	}
	same := t.atEqualRate()
	for _, f := range faults() {
		t.injectedRow(&table, f, t.cases(f), time.Second, same[f.metric])
	}
	pods := t.leakingPods()
	row := fault{name: leak + ", on the memory of real pods", metric: "mem"}
	t.injectedRow(&table, row, pods, time.Minute, nil)
	return table
}

func (t *trial) injectedRow(table *report.Table, f fault, all []usage.Series, step time.Duration, more []contestant) {
	signal := holmes.Signal(f.metric)
	rules := slices.Concat([]contestant{t.ours(signal)}, t.others(signal, step), more)
	name := f.name
	for _, c := range rules {
		s := t.scored(f, c, all)
		row := cells(name, c.name, s)
		table.Add(row[0], row[1], row[2], row[4])
		t.rival("found: "+f.name, c, s.Share())
		if c.role != aside {
			t.brief.note("Found: "+f.name, c, row[2])
		}
		name = ""
	}
}

// atEqualRate returns mosn/holmes's best rule at no more false captures than holmes,
// over all injected faults of a metric.
func (t *trial) atEqualRate() map[string][]contestant {
	same := map[string][]contestant{}
	if t.alone {
		return same
	}
	for _, metric := range []string{"cpu", "mem"} {
		calm := t.days(metric)
		mine := score(t.ours(holmes.Signal(metric)), calm)
		var some []usage.Series
		for _, f := range faults() {
			if f.metric == metric {
				some = append(some, t.cases(f)...)
			}
		}
		if best, ok := tuned(some, calm, holmes.Signal(metric), mine.Rate()); ok {
			same[metric] = append(same[metric], best)
		}
	}
	return same
}

// leakingPods adds the slow leak to the recorded memory of pods that have room for it.
func (t *trial) leakingPods() (all []usage.Series) {
	f := fault{leak, "mem", 6 * time.Hour, rising(0.1)}
	const from, most = 120, 44 // two hours; 36 points more stay below 80
	for _, s := range usage.Of(t.coarse, "mem") {
		if s.Step != time.Minute || len(s.Values) < from+360+grace {
			continue
		}
		s.Values, s.Masked = slices.Clone(s.Values), nil
		if slices.Max(s.Values) <= most && slices.Min(s.Values) > 0 {
			all = append(all, f.on(s, from))
		}
	}
	return all
}

// grace is the number of samples at the end of a series without a leak.
const grace = 12
