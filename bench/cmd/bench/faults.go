package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-holmes/holmes/bench/internal/subject"
)

// Times on the timeline.
const (
	allWarm     = 70 * time.Second // from the first process to the first fault
	phaseTime   = 20 * time.Second // from one fault of each kind to the next
	waitTime    = 33 * time.Second // for the profiles of one
	covers      = 10 * time.Second // the first seconds of a CPU fault
	foreignTime = 32 * time.Second
	stopTime    = 12 * time.Second
	raceTime    = 5 * time.Second
)

// limit is the memory limit of a subject, normal its heap before a fault.
const (
	limit  = 256 << 20
	normal = 40 << 20
)

// A kind is a fault, and the profile that should show it.
type kind struct {
	name     string // the command, and the profile
	title    string
	function string
}

func kinds() []kind {
	return []kind{
		{"cpu", fmt.Sprintf("CPU: %.0f %% of a core more", subject.Busy*100), subject.CPUFault},
		{"heap", "memory: 100 MiB of 256 in 5 s", subject.HeapFault},
		{"goroutine", "5000 goroutines", subject.GoroutineFault},
	}
}

// An outcome is when profiles showed one fault, and how much of it.
type outcome struct {
	whole, shows time.Duration // after the onset; 0 is never
	covered      time.Duration
	share        float64 // of a leak in the best heap profile
}

// results holds the outcomes by kind and variant.
type results struct {
	mu       sync.Mutex
	outcomes map[string][]outcome
	notes    map[string][]string
}

func key(k string, v variant) string { return k + " " + v.exe + " " + v.interval }

func (r *results) add(k string, v variant, c outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outcomes[key(k, v)] = append(r.outcomes[key(k, v)], c)
}

func (r *results) note(k string, v variant, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes[key(k, v)] = append(r.notes[key(k, v)], text)
}

// faults runs the timeline: each fault begins in all processes at once.
func (b *bench) faults(ctx context.Context, p plan) error {
	r := &results{outcomes: map[string][]outcome{}, notes: map[string][]string{}}
	at := time.Now().Add(allWarm)
	var timeline []step
	for i := range p.runs {
		for _, k := range kinds() {
			for _, v := range variants() {
				timeline = append(timeline, r.phase(k, v, at, i, p.runs))
			}
		}
		at = at.Add(phaseTime)
	}
	at = at.Add(waitTime - phaseTime) // the last phase is over
	timeline = append(timeline, steps(at, foreignTime, r.foreign)...)
	at = at.Add(foreignTime)
	for range min(p.runs, 3) {
		timeline = append(timeline, steps(at, 2*stopTime, r.stop)...)
		at = at.Add(stopTime)
	}
	races, cleanUp, err := b.races(r, at, p.runs)
	if err != nil {
		return err
	}
	timeline = append(timeline, races...)
	progress("faults: %d processes; over in %.0f s", len(timeline), time.Until(at).Seconds()+float64(len(races))/2*raceTime.Seconds())
	errs := b.runAll(ctx, timeline)
	if err := errors.Join(append(errs, cleanUp())...); err != nil {
		return err
	}
	b.faultRows(r, len(races) > 0, p.runs)
	return nil
}

// phase is one fault of one kind for one variant, at another point between two
// readings in each run.
func (r *results) phase(k kind, v variant, at time.Time, i, n int) step {
	return step{
		v: v, at: at, lead: v.every * time.Duration(2*i+1) / time.Duration(2*n), last: waitTime + 5*time.Second,
		args: []string{"-cores=1", "-memory=" + strconv.Itoa(limit), "-normal=" + strconv.Itoa(normal)},
		do: func(ctx context.Context, p *process) error {
			onset, err := p.onset(k.name)
			if err != nil {
				return err
			}
			var c outcome
			whole, shows := watch(ctx, p.dir, k.name, k.function, onset.Add(waitTime))
			c.whole, c.shows = since(onset, whole), since(onset, shows)
			if k.name == "cpu" {
				if err := waitUntil(ctx, onset.Add(waitTime)); err != nil {
					return err
				}
				c.covered = covered(p.dir, k.function, onset, onset.Add(covers))
			}
			progress("%s, %s %s: whole after %.2f s, shows it after %.2f s", k.name, v.exe, v.interval, c.whole.Seconds(), c.shows.Seconds())
			r.add(k.name, v, c)
			return nil
		},
	}
}

// since is the time from the onset to at, 0 for a zero time.
func since(onset, at time.Time) time.Duration {
	if at.IsZero() {
		return 0
	}
	return max(at.Sub(onset), time.Nanosecond)
}

// faultRows adds the results to the table.
func (b *bench) faultRows(r *results, raced bool, runs int) {
	for _, k := range kinds() {
		b.row("Onset to the first whole profile that shows the fault, "+k.title, r.cells(k.name, func(all []outcome) string {
			return delays(all, func(c outcome) time.Duration { return c.shows })
		}))
	}
	b.row(fmt.Sprintf("Of the first %.0f s of the CPU fault in profiles", covers.Seconds()), r.cells("cpu", func(all []outcome) string {
		var values []float64
		for _, c := range all {
			values = append(values, c.covered.Seconds())
		}
		return spread(values, 1, "s")
	}))
	if !raced {
		b.table.Remarks = append(b.table.Remarks, "The races against the out-of-memory killer were not run: no memory controller, or not root.")
	}
	for _, rate := range rates() {
		b.row(fmt.Sprintf("Heap profile with the leak on disk before the kernel kills, %d MB/s in 256 MiB", rate/1e6), r.cells(raceKey(rate), func(all []outcome) string {
			n, most := 0, 0
			for _, c := range all {
				if c.shows > 0 {
					n++
				}
				if c.share >= 0.5 {
					most++
				}
			}
			return fmt.Sprintf("%d of %d, with at least half of the leak in %d", n, len(all), most)
		}))
	}
	b.row("While another CPU profile runs for 10 s", r.noted("foreign"))
	b.row("Stop during a CPU capture", r.cells("stop", stopped))
	b.table.Remarks = append(b.table.Remarks, fmt.Sprintf("Each fault begins at the same moment in all processes, long after their warm-up, at %d points between two readings. "+
		"CPU percent is of one core, memory of 256 MiB, for all. Medians, with least and most.", runs))
}

// cells returns a row: a cell for each column, with its variants in turn.
func (r *results) cells(k string, text func([]outcome) string) map[int]string {
	return rowOf(k, r.outcomes, text)
}

func (r *results) noted(k string) map[int]string {
	return rowOf(k, r.notes, func(notes []string) string { return strings.Join(notes, "; ") })
}

func rowOf[T any](k string, of map[string][]T, text func([]T) string) map[int]string {
	cells := map[int]string{}
	for _, v := range variants() {
		if all := of[key(k, v)]; len(all) > 0 {
			join(cells, v, text(all))
		}
	}
	return cells
}

func join(cells map[int]string, v variant, text string) {
	text = v.label() + text
	if cells[v.col] != "" {
		text = cells[v.col] + "; " + text
	}
	cells[v.col] = text
}

// delays is the median of all delays, and how many faults no profile showed.
func delays(all []outcome, of func(outcome) time.Duration) string {
	var some []time.Duration
	for _, c := range all {
		if d := of(c); d > 0 {
			some = append(some, d)
		}
	}
	switch {
	case len(some) == 0:
		return fmt.Sprintf("never in %.0f s", waitTime.Seconds())
	case len(some) < len(all):
		return fmt.Sprintf("%s, in %d of %d", spread(seconds(some), 1, "s"), len(some), len(all))
	default:
		return spread(seconds(some), 1, "s")
	}
}
