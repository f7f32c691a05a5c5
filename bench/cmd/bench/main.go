// Command bench compares holmes with mosn.io/holmes, with plain calls of
// gopsutil and with pyroscope-go: on the same machine, in the same run, at the
// same time where that is possible. Each of them is in a process of its own,
// with a deadline.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"time"

	"github.com/go-holmes/holmes/bench/internal/report"
)

const usageText = `bench compares holmes with its peers and prints a table.

Usage: RUNS=5 bench [-short] [-write] [-only text]

Progress is on standard error, Markdown on standard output. It takes about 10
minutes, and needs a machine that does nothing else. The out-of-memory rows need
root and a memory controller, the system calls strace; without, they are left
out and the table says so.

`

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to cancel
	}
}

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
	write := flag.Bool("write", false, "put the tables into bench/results.md and README.md")
	only := flag.String("only", "", "weight, tick, idle or faults: that part alone")
	check := flag.Bool("check", false, "counts alone, and fail where they are above the bounds")
	flag.Usage = func() {
		fmt.Fprint(os.Stderr, usageText)
		flag.PrintDefaults()
	}
	flag.Parse()
	// A process of holmes looks at what is normal after 11, 33, 77, 165, 341 s and
	// every 5 minutes from then on, each moved by up to a quarter: of 4 minutes from
	// there on are one or two such rounds a part, as of an hour a dozen.
	p := plan{turns: 11, settle: 100 * time.Second, idle: 4 * time.Minute, only: *only}
	if *short {
		p.turns, p.settle, p.idle = 3, 5*time.Second, time.Minute
	}
	if p.runs, err = strconv.Atoi(cmp.Or(os.Getenv("RUNS"), map[bool]string{false: "5", true: "1"}[*short])); err != nil || p.runs < 1 {
		return fmt.Errorf("RUNS=%q must be a number from 1 on", os.Getenv("RUNS"))
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

// publish prints the table, and writes it where it belongs.
func (b *bench) publish(ctx context.Context, root string, p plan, write bool) error {
	b.table.Remarks = append(b.table.Remarks, fmt.Sprintf("%s; %d runs of every cell, by `make bench`.", report.Place(ctx, root), p.runs))
	fmt.Println(b.table.Markdown(0))
	if !write {
		return nil
	}
	if p.only != "" {
		return errors.New("-write needs the whole table: it goes without -only")
	}
	return errors.Join(
		b.keep(),
		report.Replace(filepath.Join(root, "bench", "results.md"), "bench", b.table.Markdown(0)),
		report.Replace(filepath.Join(root, "README.md"), "bench", b.table.Markdown(0)),
	)
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
