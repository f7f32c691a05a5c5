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

// limit is the memory that a subject may have, and normal its heap before a
// fault.
const (
	limit  = 256 << 20
	normal = 40 << 20
)

// A kind is a fault, and the evidence that it asks for.
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

// A catch is how one fault was caught.
type catch struct {
	whole, shows time.Duration // from the onset; 0 is never
	covered      time.Duration
	share        float64 // of a leak in the best heap profile
}

// ledger has the catches by kind and variant.
type ledger struct {
	mu      sync.Mutex
	catches map[string][]catch
	notes   map[string][]string
}

func key(k string, v variant) string { return k + " " + v.exe + " " + v.interval }

func (l *ledger) add(k string, v variant, c catch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.catches[key(k, v)] = append(l.catches[key(k, v)], c)
}

func (l *ledger) note(k string, v variant, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notes[key(k, v)] = append(l.notes[key(k, v)], text)
}

// faults is the timeline: what goes wrong, goes wrong for all at once.
func (b *bench) faults(ctx context.Context, p plan) error {
	l := &ledger{catches: map[string][]catch{}, notes: map[string][]string{}}
	at := time.Now().Add(allWarm)
	var acts []act
	for i := range p.runs {
		for _, k := range kinds() {
			for _, v := range variants() {
				acts = append(acts, l.phase(k, v, at, i, p.runs))
			}
		}
		at = at.Add(phaseTime)
	}
	at = at.Add(waitTime - phaseTime) // the last phase is over
	acts = append(acts, l.foreignActs(at)...)
	at = at.Add(foreignTime)
	for range min(p.runs, 3) {
		acts = append(acts, l.stopActs(at)...)
		at = at.Add(stopTime)
	}
	races, cleanUp, err := b.races(l, at, p.runs)
	if err != nil {
		return err
	}
	acts = append(acts, races...)
	progress("faults: %d processes; over in %.0f s", len(acts), time.Until(at).Seconds()+float64(len(races))/2*raceTime.Seconds())
	errs := b.play(ctx, acts)
	if err := errors.Join(append(errs, cleanUp())...); err != nil {
		return err
	}
	b.faultRows(l, len(races) > 0, p.runs)
	return nil
}

// phase is one fault of one kind for one variant, at another point between two
// readings in each run.
func (l *ledger) phase(k kind, v variant, at time.Time, i, n int) act {
	return act{
		v: v, at: at, lead: v.every * time.Duration(2*i+1) / time.Duration(2*n), last: waitTime + 5*time.Second,
		args: []string{"-cores=1", "-memory=" + strconv.Itoa(limit), "-normal=" + strconv.Itoa(normal)},
		do: func(ctx context.Context, p *process) error {
			onset, err := p.onset(k.name)
			if err != nil {
				return err
			}
			var c catch
			whole, shows := watch(ctx, p.dir, k.name, k.function, onset.Add(waitTime))
			c.whole, c.shows = since(onset, whole), since(onset, shows)
			if k.name == "cpu" {
				if err := after(ctx, onset.Add(waitTime)); err != nil {
					return err
				}
				c.covered = covered(p.dir, k.function, onset, onset.Add(covers))
			}
			progress("%s, %s %s: whole after %.2f s, shows it after %.2f s", k.name, v.exe, v.interval, c.whole.Seconds(), c.shows.Seconds())
			l.add(k.name, v, c)
			return nil
		},
	}
}

// since is 0 for what never was.
func since(onset, at time.Time) time.Duration {
	if at.IsZero() {
		return 0
	}
	return max(at.Sub(onset), time.Nanosecond)
}

// faultRows puts the ledger into the table.
func (b *bench) faultRows(l *ledger, raced bool, runs int) {
	for _, k := range kinds() {
		b.row("Onset to the first whole profile that shows the fault, "+k.title, l.cells(k.name, func(all []catch) string {
			return caught(all, func(c catch) time.Duration { return c.shows })
		}))
	}
	b.row(fmt.Sprintf("Of the first %.0f s of the CPU fault in profiles", covers.Seconds()), l.cells("cpu", func(all []catch) string {
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
		b.row(fmt.Sprintf("Heap profile with the leak on disk before the kernel kills, %d MB/s in 256 MiB", rate/1e6), l.cells(raceKey(rate), func(all []catch) string {
			n, most := 0, 0
			for _, c := range all {
				if c.shows > 0 {
					n++
				}
				if c.share >= 0.5 {
					most++
				}
			}
			return fmt.Sprintf("%d of %d, half of it or more in %d", n, len(all), most)
		}))
	}
	b.row("While another CPU profile runs for 10 s", l.noted("foreign"))
	b.row("Stop during a CPU capture", l.cells("stop", stopped))
	b.table.Remarks = append(b.table.Remarks, fmt.Sprintf("Faults hit all at the same time, when each has long been warm, at %d points between two readings. "+
		"CPU percent is of one core, memory of 256 MiB, for all. Medians, with least and most.", runs),
		"Where holmes is not ahead: in weight, of mosn/holmes, of pyroscope-go in a program that has net/http anyway, and of plain calls of gopsutil, which capture nothing. "+
			"In CPU of an idle process, of mosn/holmes at its default, which reads a fifth as often: most of a reading is waking up; of gopsutil's calls it is level. In memory, of both. "+
			"A continuous profiler has all of a fault, and within a second if it uploads once a second: it profiles all the time, forces a collection with each upload, "+
			"and leaves the application no CPU profile of its own; at its default of 15 s it is later than holmes. "+
			"With goroutines mosn/holmes at 1 s is level. Stop returns sooner of mosn/holmes, whose goroutines go on for two seconds, and of pyroscope-go: "+
			"holmes has written the profile down when it returns.")
}

// cells are a row of the ledger: a cell for each column, its variants in turn.
func (l *ledger) cells(k string, text func([]catch) string) map[int]string {
	cells := map[int]string{}
	for _, v := range variants() {
		if all := l.catches[key(k, v)]; len(all) > 0 {
			join(cells, v, text(all))
		}
	}
	return cells
}

func (l *ledger) noted(k string) map[int]string {
	cells := map[int]string{}
	for _, v := range variants() {
		if notes := l.notes[key(k, v)]; len(notes) > 0 {
			join(cells, v, strings.Join(notes, "; "))
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

// caught is the median of those that were, and how many were not.
func caught(all []catch, of func(catch) time.Duration) string {
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
