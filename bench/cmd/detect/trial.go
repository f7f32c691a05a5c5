package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-holmes/holmes"

	"github.com/go-holmes/holmes/bench/internal/judge"
	"github.com/go-holmes/holmes/bench/internal/report"
	"github.com/go-holmes/holmes/bench/internal/usage"
)

// A trial judges one half of the series by all rules.
type trial struct {
	half    string
	rules   map[holmes.Signal]holmes.Threshold // in place of the default rules, to choose by
	alone   bool                               // without the others
	coarse  []usage.Series
	seconds []usage.Series
	figures figures // of holmes
	brief   brief
}

// figures are the results of holmes's rules, by the name of the row.
type figures map[string]float64

func newTrial(data, half string) (*trial, error) {
	t := &trial{half: half, rules: map[holmes.Signal]holmes.Threshold{}, figures: figures{}}
	for pattern, into := range map[string]*[]usage.Series{"usage": &t.coarse, "recorded": &t.seconds} {
		all, err := usage.Load(filepath.Join(data, pattern, "*.txt"))
		if err != nil {
			return nil, err
		}
		choosing, reported := usage.Halves(all)
		switch half {
		case "choosing":
			*into = choosing
		case "reported":
			*into = reported
		default:
			return nil, fmt.Errorf("-half %q: must be choosing or reported", half)
		}
	}
	return t, nil
}

// all makes every table.
func (t *trial) all() (tables []report.Table) {
	for _, judge := range []func() report.Table{t.recordedFaults, t.calmSeconds, t.injected} {
		began := time.Now()
		one := judge()
		fmt.Fprintf(os.Stderr, "detect: %s: %.0f s\n", one.Title, time.Since(began).Seconds())
		tables = append(tables, one)
	}
	return tables
}

// score judges series by one contestant.
func score(c contestant, all []usage.Series) (s judge.Score) {
	for _, one := range all {
		s.Count(one, c.judge(one))
	}
	return s
}

// recordedFaults is the table of the series with labelled faults, in their coarse
// steps.
func (t *trial) recordedFaults() report.Table {
	table := report.Table{
		Title: "Recorded series with labelled faults",
		Head:  []string{"Series", "Rule", "Faults hit", "False captures a day (least and most of a unit)", "Median delay"},
		Remarks: []string{
			fmt.Sprintf("Steps are 1 and 5 minutes, so Window and Hold of the default rule are scaled to %d and %d samples; all else is as it is. "+
				"All labelled faults are of CPU: memory has false captures only.", coarseWindow, coarseHold),
		},
	}
	for _, g := range []struct {
		name   string
		signal holmes.Signal
		step   time.Duration
	}{
		{"pods, 1 min, CPU", holmes.SignalCPU, time.Minute},
		{"cloud machines, 5 min, CPU", holmes.SignalCPU, 5 * time.Minute},
		{"pods, 1 min, memory", holmes.SignalMem, time.Minute},
	} {
		some := usage.Of(t.coarse, string(g.signal))
		some = filter(some, func(s usage.Series) bool { return s.Step == g.step })
		if g.signal == holmes.SignalMem {
			some = calmed(some)
		}
		mine := score(t.ours(g.signal), some)
		t.figures["false a day: "+g.name] = mine.Rate()
		t.figures["faults hit: "+g.name] = float64(mine.Hit)
		t.enter(&table, g.name, contestant{name: "holmes", role: ourselves}, mine)
		rivals := t.others(g.signal, g.step)
		if best, ok := tuned(some, some, g.signal, mine.Rate()); ok && !t.alone && mine.Windows > 0 {
			rivals = append(rivals, best)
		}
		for _, r := range rivals {
			t.enter(&table, g.name, r, score(r, some))
		}
	}
	return table
}

// enter adds a row of labelled faults.
func (t *trial) enter(table *report.Table, group string, c contestant, s judge.Score) {
	row := cells(group, c.name, s)
	if c.role != ourselves {
		row[0] = ""
	}
	table.Add(row...)
	t.rival("faults hit: "+group, c, float64(s.Hit))
	if c.role == aside {
		return
	}
	t.brief.note("False captures a day: "+group, c, fmt.Sprintf("%.2f", s.Rate()))
	if s.Windows > 0 {
		t.brief.note("Faults hit: "+group, c, row[2])
	}
}

// rival keeps what mosn/holmes finds at an equal rate of false captures.
func (t *trial) rival(row string, c contestant, v float64) {
	if c.role == equal {
		t.figures[row+atEqual] = v
	}
}

func cells(series, rule string, s judge.Score) []string {
	hit := "-"
	if s.Windows > 0 {
		hit = fmt.Sprintf("%d of %d", s.Hit, s.Windows)
	}
	delay := "-"
	if d, ok := s.Delay(); ok {
		delay = d.String()
	}
	return []string{series, rule, hit, rate(s), delay}
}

// rate is the false captures a day, with the spread over the units.
func rate(s judge.Score) string {
	least, most := s.Spread()
	return fmt.Sprintf("%.2f (%.2f, %.2f)", s.Rate(), least, most)
}

func filter(all []usage.Series, is func(usage.Series) bool) (some []usage.Series) {
	for _, s := range all {
		if is(s) {
			some = append(some, s)
		}
	}
	return some
}

// calmed masks the faults, because they are of another metric.
func calmed(all []usage.Series) (some []usage.Series) {
	for _, s := range all {
		s.Masked = slices.Concat(s.Masked, s.Windows)
		s.Windows = nil
		some = append(some, s)
	}
	return some
}
