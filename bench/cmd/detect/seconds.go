package main

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/go-holmes/holmes"

	"github.com/go-holmes/holmes/bench/internal/judge"
	"github.com/go-holmes/holmes/bench/internal/report"
	"github.com/go-holmes/holmes/bench/internal/usage"
)

const (
	daysEach = 20
	// block is the length that is drawn at once. It is long against the hold of the
	// default rule and the bursts of a recording.
	block = 5 * time.Minute
)

// random returns a source of random numbers that depends only on its purpose.
func random(purpose, unit string, n int) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %s", purpose, unit)
	return rand.New(rand.NewPCG(h.Sum64(), uint64(n)))
}

// bootstrap draws blocks of a recording, as of a ring, until they have the length.
func bootstrap(s usage.Series, length time.Duration, r *rand.Rand) usage.Series {
	n, each := int(length/s.Step), int(block/s.Step)
	values := make([]float64, 0, n+each)
	for len(values) < n {
		from := r.IntN(len(s.Values))
		for i := range each {
			values = append(values, s.Values[(from+i)%len(s.Values)])
		}
	}
	s.Values = values[:n]
	return s
}

// days returns the recordings of a metric, bootstrapped to days.
func (t *trial) days(metric string) (all []usage.Series) {
	for _, s := range usage.Of(t.seconds, metric) {
		one := bootstrap(s, daysEach*24*time.Hour, random("days "+metric, s.Unit, 0))
		if metric == "mem" {
			lift(one.Values, (leastMemory+mostMemory)/2)
		}
		all = append(all, one)
	}
	return all
}

// calmSeconds is the table of the calm service at a reading a second, where every
// capture is false.
func (t *trial) calmSeconds() report.Table {
	table := report.Table{
		Title: "A calm service under bursty traffic, a reading a second",
		Head:  []string{"Signal", "Rule", "False captures a day (least and most of a unit)"},
		Remarks: []string{fmt.Sprintf("%d recordings of %d minutes, drawn out to %d days each in blocks of %v.",
			len(usage.Of(t.seconds, "cpu")), len(t.seconds[0].Values)/60, daysEach, block)},
	}
	table.Remarks[0] += fmt.Sprintf(" Memory is lifted to a mean of %.0f %%.", (leastMemory+mostMemory)/2)
	for _, signal := range []holmes.Signal{holmes.SignalCPU, holmes.SignalMem} {
		all := t.days(string(signal))
		name := "a reading a second, " + string(signal)
		mine := score(t.ours(signal), all)
		t.figures["false a day: "+name] = mine.Rate()
		table.Add(string(signal), "holmes", rate(mine))
		t.brief.note("False captures a day: "+name, contestant{role: ourselves}, fmt.Sprintf("%.2f", mine.Rate()))
		for _, r := range t.others(signal, time.Second) {
			s := score(r, all)
			table.Add("", r.name, rate(s))
			if r.role != aside {
				t.brief.note("False captures a day: "+name, r, fmt.Sprintf("%.2f", s.Rate()))
			}
		}
	}
	return table
}

// A fault is added to a calm stretch.
type fault struct {
	name   string
	metric string
	length time.Duration
	// add returns the points that the fault adds after a time.
	add func(after time.Duration) float64
}

func constant(points float64) func(time.Duration) float64 {
	return func(time.Duration) float64 { return points }
}

// rising is a number of points a minute.
func rising(points float64) func(time.Duration) float64 {
	return func(after time.Duration) float64 { return points * after.Minutes() }
}

const leak = "leak of 0.1 % a minute for 6 h"

// faults returns the injected faults.
func faults() []fault {
	return []fault{
		{"step of 30 points for 5 min", "cpu", 5 * time.Minute, constant(30)},
		{"step of 20 points for 2 min", "cpu", 2 * time.Minute, constant(20)},
		{"spike of 50 points for 30 s", "cpu", 30 * time.Second, constant(50)},
		{"spike of 50 points for 8 s", "cpu", 8 * time.Second, constant(50)},
		{"rise of 60 points in 10 min", "cpu", 10 * time.Minute, rising(6)},
		{"leak of 5 % a minute for 10 min", "mem", 10 * time.Minute, rising(5)},
		{leak, "mem", 6 * time.Hour, rising(0.1)},
	}
}

const casesEach = 20 // of every fault on every recording

// Calm before and after a fault.
const (
	calmBefore = 40 * time.Minute
	calmAfter  = 5 * time.Minute
)

// cases puts a fault on calm stretches.
func (t *trial) cases(f fault) (all []usage.Series) {
	for _, s := range usage.Of(t.seconds, f.metric) {
		for i := range casesEach {
			r := random("fault "+f.name, s.Unit, i)
			one := bootstrap(s, calmBefore+f.length+calmAfter, r)
			if f.metric == "mem" {
				lift(one.Values, leastMemory+(mostMemory-leastMemory)*r.Float64())
			}
			all = append(all, f.on(one, int(calmBefore/s.Step)))
		}
	}
	return all
}

// on returns the series with the fault from an index on.
func (f fault) on(s usage.Series, from int) usage.Series {
	to := from + int(f.length/s.Step) - 1
	s.Windows = []usage.Span{{From: from, To: to, Kind: f.name}}
	for i := from; i <= to; i++ {
		v := s.Values[i]
		s.Values[i] = max(v, min(v+f.add(time.Duration(i-from)*s.Step), 100))
	}
	return s
}

// The mean that the memory of a recording is lifted to, as if the service held more
// for good. Leaks need room below the limit, and rules have a minimum.
const (
	leastMemory = 20.0
	mostMemory  = 40.0
)

// lift moves the mean of values to a level.
func lift(values []float64, level float64) {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	more := level - sum/float64(len(values))
	for i := range values {
		values[i] += more
	}
}

// scored is the score of one contestant for a fault.
func (t *trial) scored(f fault, c contestant, all []usage.Series) judge.Score {
	s := score(c, all)
	if c.role == ourselves {
		t.figures["found: "+f.name] = s.Share()
	}
	return s
}
