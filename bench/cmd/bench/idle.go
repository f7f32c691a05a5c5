package main

import (
	"context"
	"fmt"
	"time"
)

// A use is what a process has used.
type use struct {
	at, cpu, mallocs, kib float64
}

// idle compares what watching a calm service costs: CPU of an hour, from real
// readings at one a second, and memory. All run at the same time.
func (b *bench) idle(ctx context.Context, p plan) error {
	who := []variant{
		{name: "bare", exe: "bare", col: -1},
		{name: "holmes", exe: "holmes", col: colHolmes},
		{name: "mosn", exe: "mosn", col: colMosn, interval: "1s"},
		{name: "gopsutil", exe: "gopsutil", col: colGopsutil, interval: "1s"},
		{name: "pyroscope", exe: "pyroscope", col: colPyroscope},
	}
	progress("idle: %v, all at the same time", p.idle)
	first, last, err := b.used(ctx, who, p.idle)
	if err != nil {
		return err
	}
	cpu, allocs, memory := map[int]string{}, map[int]string{}, map[int]string{}
	hour := func(i int) float64 { // in milliseconds
		return (last[i].cpu - first[i].cpu) / (last[i].at - first[i].at) * 3600 * 1e3
	}
	for i, v := range who[1:] {
		i++
		ms := hour(i) - hour(0)
		cpu[v.col] = figure(ms) + " ms"
		if v.exe == "mosn" {
			cpu[v.col] += fmt.Sprintf(", and %s ms at its default of 5 s", figure(ms/5))
		}
		extra := (last[i].mallocs - first[i].mallocs - last[0].mallocs + first[0].mallocs) / (last[i].at - first[i].at)
		allocs[v.col] = figure(max(extra, 0))
		memory[v.col] = fmt.Sprintf("%.1f MiB", (last[i].kib-last[0].kib)/1024)
	}
	b.row(fmt.Sprintf("CPU of an idle hour at a reading a second, beyond a service without that wakes up ten times a second: from %.0f s of real readings", p.idle.Seconds()), cpu)
	b.row("Allocations a second of an idle service, beyond a service without", allocs)
	b.row("Memory of an idle service, beyond a service without", memory)
	return nil
}

// used runs all at the same time.
func (b *bench) used(ctx context.Context, who []variant, length time.Duration) (first, last []use, err error) {
	var all []*process
	defer func() {
		for _, p := range all {
			p.end()
		}
	}()
	const settle = 5 * time.Second
	for _, v := range who {
		p, err := b.start(ctx, v, length+settle+time.Minute)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, p)
	}
	begin := time.Now().Add(settle)
	for _, at := range []time.Time{begin, begin.Add(length)} {
		if err := after(ctx, at); err != nil {
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
		if err := p.tell("usage"); err != nil {
			return nil, err
		}
		text, err := p.expect("usage")
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

// memory asks a process what it holds, in KiB.
func (p *process) memory() (kib float64, err error) {
	if err := p.tell("memory"); err != nil {
		return 0, err
	}
	text, err := p.expect("memory")
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(text, &kib)
	return kib, err
}
