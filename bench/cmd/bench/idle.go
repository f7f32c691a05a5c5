package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A use is the CPU time and memory that a process has used.
type use struct {
	at, cpu, mallocs, kib float64
}

// idle compares the cost of watching a calm service: CPU time of an hour, from real
// readings at one a second, and memory. All subjects run at the same time, each
// several times, because the cost of a wake-up depends on the core.
func (b *bench) idle(ctx context.Context, p plan) error {
	subjects := []variant{
		{name: "bare", exe: "bare", col: -1},
		{name: "holmes", exe: "holmes", col: colHolmes},
		{name: "default", exe: "mosn", col: colMosn},
		{name: "at 1 s", exe: "mosn", col: colMosn, interval: "1s"},
		{name: "gopsutil", exe: "gopsutil", col: colGopsutil, interval: "1s"},
		{name: "pyroscope", exe: "pyroscope", col: colPyroscope},
	}
	progress("idle: %v after %v, %d of each, all at the same time", p.idle, p.settle, p.runs)
	first, last, err := b.used(ctx, slices.Repeat(subjects, p.runs), p.settle, p.idle)
	if err != nil {
		return err
	}
	of := func(i int, part func(first, last use) float64) (all []float64) {
		for ; i < len(first); i += len(subjects) {
			all = append(all, part(first[i], last[i]))
		}
		return all
	}
	rows := []struct {
		name string
		unit string
		part func(first, last use) float64
	}{
		{
			fmt.Sprintf("CPU of an idle hour, beyond a service without that wakes up ten times a second: from %.0f s of real readings after %.0f s", p.idle.Seconds(), p.settle.Seconds()),
			"ms", func(first, last use) float64 { return (last.cpu - first.cpu) / (last.at - first.at) * 3600 * 1e3 },
		},
		{
			"Allocations a second of an idle service, beyond a service without", "",
			func(first, last use) float64 { return (last.mallocs - first.mallocs) / (last.at - first.at) },
		},
		{"Memory of an idle service, beyond a service without", "MiB", func(_, last use) float64 { return last.kib / 1024 }},
	}
	for _, row := range rows {
		cells, without := map[int]string{}, median(of(0, row.part))
		for i, v := range subjects[1:] {
			extra := of(i+1, row.part)
			for n := range extra {
				extra[n] -= without
			}
			join(cells, v, spread(extra, 1, row.unit))
		}
		b.row(row.name, cells)
	}
	return nil
}

// used runs all subjects at the same time.
func (b *bench) used(ctx context.Context, subjects []variant, settle, length time.Duration) (first, last []use, err error) {
	var all []*process
	defer func() {
		for _, p := range all {
			p.end()
		}
	}()
	for _, v := range subjects {
		p, err := b.start(ctx, v, length+settle+time.Minute)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, p)
	}
	begin := time.Now().Add(settle)
	for _, at := range []time.Time{begin, begin.Add(length)} {
		if err := waitUntil(ctx, at); err != nil {
			return nil, nil, err
		}
		first = last
		if last, err = usesOf(all); err != nil {
			return nil, nil, err
		}
	}
	for i, p := range all {
		if last[i].kib, err = p.memory(); err != nil {
			return nil, nil, err
		}
	}
	return first, last, nil
}

func usesOf(all []*process) (uses []use, err error) {
	for _, p := range all {
		text, err := p.ask("usage", "usage")
		if err != nil {
			return nil, err
		}
		var u use
		if _, err := fmt.Sscan(text, &u.at, &u.cpu, &u.mallocs); err != nil {
			return nil, fmt.Errorf("%s: usage %q: %w", p.variant.exe, text, err)
		}
		u.at, u.cpu = u.at/1e9, u.cpu/1e9
		uses = append(uses, u)
	}
	return uses, nil
}

// memory asks a process for the memory that its runtime holds, in KiB.
func (p *process) memory() (kib float64, err error) {
	text, err := p.ask("memory", "memory")
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(text, &kib)
	return kib, err
}
