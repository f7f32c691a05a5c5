package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-holmes/holmes"

	"github.com/go-holmes/holmes/bench/internal/judge"
	"github.com/go-holmes/holmes/bench/internal/replay"
	"github.com/go-holmes/holmes/bench/internal/report"
	"github.com/go-holmes/holmes/bench/internal/usage"
)

// A trial is all rules on one half of the series.
type trial struct {
	engine  *replay.Engine
	half    string
	rules   map[holmes.Signal]map[string]any // changes of the default rules, to choose by
	alone   bool                             // without the others
	coarse  []usage.Series
	seconds []usage.Series
	figures figures // of holmes
	brief   brief
}

// figures are what holmes's rules have done, by the name of the row.
type figures map[string]float64

func newTrial(e *replay.Engine, data, half string) (*trial, error) {
	t := &trial{engine: e, half: half, rules: map[holmes.Signal]map[string]any{}, figures: figures{}}
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
func (t *trial) all(ctx context.Context) (tables []report.Table, err error) {
	for _, judge := range []func(context.Context) (report.Table, error){t.recordedFaults, t.calmSeconds, t.injected} {
		began := time.Now()
		one, err := judge(ctx)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "detect: %s: %.0f s\n", one.Title, time.Since(began).Seconds())
		tables = append(tables, one)
	}
	return tables, nil
}

// score judges series by one contestant.
func score(ctx context.Context, c contestant, all []usage.Series) (s judge.Score, err error) {
	captures, err := c.judge(ctx, all)
	if err != nil {
		return s, fmt.Errorf("%s: %w", c.name, err)
	}
	for i, one := range all {
		s.Count(one, captures[i])
	}
	return s, nil
}

// recordedFaults is the series with labelled faults, in their coarse steps.
func (t *trial) recordedFaults(ctx context.Context) (report.Table, error) {
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
		mine, err := score(ctx, t.ours(g.signal), some)
		if err != nil {
			return table, err
		}
		t.figures["false a day: "+g.name] = mine.Rate()
		t.figures["faults hit: "+g.name] = float64(mine.Hit)
		t.enter(&table, g.name, contestant{name: "holmes", role: ourselves}, mine)
		rivals := t.others(g.signal, g.step)
		if best, ok := tuned(some, some, g.signal, mine.Rate()); ok && !t.alone && mine.Windows > 0 {
			rivals = append(rivals, best)
		}
		for _, r := range rivals {
			s, err := score(ctx, r, some)
			if err != nil {
				return table, err
			}
			t.enter(&table, g.name, r, s)
		}
	}
	return table, nil
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

// rival keeps what mosn/holmes finds at holmes's own rate.
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

// calmed masks the faults: they are of another metric.
func calmed(all []usage.Series) (some []usage.Series) {
	for _, s := range all {
		s.Masked = slices.Concat(s.Masked, s.Windows)
		s.Windows = nil
		some = append(some, s)
	}
	return some
}
