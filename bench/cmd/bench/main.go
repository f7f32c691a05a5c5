// Command bench compares holmes with mosn.io/holmes, with plain calls of
// gopsutil and with pyroscope-go: on the same machine, in the same run, at the
// same time where that is possible. Each subject is a process of its own, with a
// deadline.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/go-holmes/holmes/internal/program"

	"github.com/go-holmes/holmes/bench/internal/report"
)

const usageText = `bench compares holmes with its peers and prints a table.

Usage: RUNS=5 bench [-short] [-write] [-only part] [-readme]

Progress is on standard error, Markdown on standard output. It takes about 10
minutes, and needs a machine that does nothing else. The out-of-memory rows need
root and a memory controller, the system calls strace; without, they are left
out, and the table says so.

`

func main() { program.Main("bench", run) }

// A plan is how much is measured.
type plan struct {
	runs   int           // races and phases of a cell
	turns  int           // of ticks, interleaved
	settle time.Duration // before what is measured of an idle process
	idle   time.Duration // at a reading a second, so this many seconds are ticks
	only   string
}

func run(ctx context.Context) (err error) {
	root := flag.String("root", "..", "the source of holmes")
	short := flag.Bool("short", false, "as little as possible, to see whether it works")
	write := flag.Bool("write", false, "put the table into docs/benchmarks.md, and rows of it into README.md")
	readme := flag.Bool("readme", false, "measure nothing, and write README.md's table from docs/benchmarks.md")
	only := flag.String("only", "", "weight, tick, idle or faults: that part alone")
	check := flag.Bool("check", false, "counts alone, and fail where they are above the bounds")
	program.Parse(usageText)
	if *readme {
		return report.WriteReadme(*root)
	}
	// holmes takes baseline profiles after 11, 33, 77, 165 and 341 s, and every 5
	// minutes from then on, each moved by up to a quarter. The 4 minutes that are
	// measured have one or two such rounds, as an hour has a dozen.
	p := plan{turns: 11, settle: 100 * time.Second, idle: 4 * time.Minute, only: *only}
	if *short {
		p.turns, p.settle, p.idle = 3, 5*time.Second, time.Minute
	}
	if p.runs, err = program.Runs(map[bool]string{false: "5", true: "1"}[*short]); err != nil {
		return err
	}
	b, err := newBench(ctx, *root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if *check {
		return b.check(ctx)
	}
	if err := b.measure(ctx, p); err != nil {
		return err
	}
	return b.publish(ctx, *root, p, *write)
}

// publish prints the table, and writes it if asked to.
func (b *bench) publish(ctx context.Context, root string, p plan, write bool) error {
	b.table.Remarks = append(b.table.Remarks, fmt.Sprintf("%s; %d runs of every cell, by `make bench`.", report.Place(ctx, root), p.runs))
	fmt.Println(b.table.Markdown(0))
	if !write {
		return nil
	}
	if p.only != "" {
		return errors.New("-write needs the whole table: it goes without -only")
	}
	if err := report.Replace(report.Benchmarks(root), "bench", b.table.Markdown(0)); err != nil {
		return err
	}
	return errors.Join(b.keep(), report.WriteReadme(root))
}

// measure fills the table.
func (b *bench) measure(ctx context.Context, p plan) error {
	for _, part := range []struct {
		name string
		do   func(context.Context, plan) error
	}{{"weight", b.weigh}, {"tick", b.ticks}, {"idle", b.idle}, {"faults", b.faults}} {
		if p.only != "" && p.only != part.name {
			continue
		}
		began := time.Now()
		if err := part.do(ctx, p); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		progress("%s: done in %.0f s", part.name, time.Since(began).Seconds())
	}
	return nil
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
