package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/go-holmes/holmes/bench/internal/subject"
)

// A tick is the cost of one tick.
type tick struct{ ns, allocs float64 }

// ticks compares one tick: time and allocations, measured in turn, and system calls.
func (b *bench) ticks(ctx context.Context, p plan) error {
	var ns, allocs [columns][]float64
	for i := range p.turns {
		for col, measure := range map[int]func(context.Context) (tick, error){
			colHolmes: b.holmesTick, colMosn: b.subjectTick("mosn"), colGopsutil: b.subjectTick("gopsutil"),
		} {
			t, err := measure(ctx)
			if err != nil {
				return err
			}
			ns[col], allocs[col] = append(ns[col], t.ns), append(allocs[col], t.allocs)
		}
		progress("tick: %d of %d: holmes %.0f ns, mosn/holmes %.0f ns, gopsutil %.0f ns", i+1, p.turns, ns[colHolmes][i], ns[colMosn][i], ns[colGopsutil][i])
	}
	time, count := map[int]string{}, map[int]string{}
	for _, col := range []int{colHolmes, colMosn, colGopsutil} {
		time[col] = spread(ns[col], 1e-3, "µs")
		if col != colHolmes {
			time[col] += times(ns[col], ns[colHolmes])
		}
		count[col] = figure(median(allocs[col]))
	}
	time[colMosn] += " (the second that it sleeps in between is not counted)"
	b.row("One tick: time", time)
	b.row("One tick: allocations", count)
	return b.callsRow(ctx)
}

// holmesTick is the benchmark of the root package.
func (b *bench) holmesTick(ctx context.Context) (t tick, err error) {
	out, err := b.output(ctx, b.rootTests(), nil, "-test.run=^$", "-test.bench=^BenchmarkTick$", "-test.benchmem", "-test.benchtime=0.5s")
	if err != nil {
		return t, err
	}
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) < 8 || !strings.HasPrefix(f[0], "BenchmarkTick") {
			continue
		}
		if t.ns, err = strconv.ParseFloat(f[2], 64); err != nil {
			return t, err
		}
		t.allocs, err = strconv.ParseFloat(f[6], 64)
		return t, err
	}
	return t, fmt.Errorf("no result of the benchmark in:\n%s", out)
}

// subjectTick runs ticks of a subject.
func (b *bench) subjectTick(name string) func(context.Context) (tick, error) {
	return func(ctx context.Context) (t tick, err error) {
		out, err := b.output(ctx, filepath.Join(b.dir, name), nil, "-ticks=4000")
		if err != nil {
			return t, err
		}
		_, figures, _ := strings.Cut(out, subject.Prefix+"ticks ")
		if _, err := fmt.Sscan(figures, &t.ns, &t.allocs); err != nil {
			return t, fmt.Errorf("%q: %w", out, err)
		}
		return t, nil
	}
}

// output runs a program in the root directory and returns its output.
func (b *bench) output(ctx context.Context, exe string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, exe, args...)
	cmd.Dir = b.root
	cmd.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", filepath.Base(exe), err, &out, &errs)
	}
	return out.String(), nil
}
