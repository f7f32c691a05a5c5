// Command diagnose-table runs every scenario of the test bed, and prints how often the
// guilty function is named. RUNS is the number of runs of each; ONLY lists scenarios,
// separated by commas and with "/..." for all variants; KEEP is a folder for the
// evidence, which is removed otherwise.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-holmes/holmes/internal/environment"
	"github.com/go-holmes/holmes/internal/program"

	"github.com/go-holmes/holmes/bench/scenario"
	"github.com/go-holmes/holmes/bench/scenario/bed"
	"github.com/go-holmes/holmes/bench/scenario/faults"
)

const usage = `diagnose-table breaks a web shop in many ways, and prints whether holmes
names the guilty function.

Usage: RUNS=3 ONLY=hot-loop,lock-held/... KEEP=/tmp/evidence diagnose-table

`

// calm is how long holmes watches the shop before the fault, until its rules are warm.
// The fault waits for the first baseline too.
const calm = 12 * time.Second

// leastControls is the least number of runs without a fault in a whole table.
const leastControls = 40

func main() {
	if is, err := bed.Child(); is {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	program.Parse(usage)
	program.Main("diagnose-table", run)
}

func run(ctx context.Context) error {
	runs, err := program.Runs("3")
	if err != nil {
		return err
	}
	wanted, controls, err := choose(os.Getenv("ONLY"))
	if err != nil {
		return err
	}
	controlRuns := runs
	if os.Getenv("ONLY") == "" {
		controlRuns = max(runs, (leastControls+len(controls)-1)/len(controls))
	}
	fmt.Printf("%d runs, %s, %d cores, %s, commit %s\n", runs, runtime.Version(), runtime.NumCPU(), environment.Kernel(), environment.Commit(ctx, "."))
	var all bed.Table
	failed := 0
	for _, part := range []struct {
		head string
		of   []scenario.Scenario
		runs int
	}{{bed.FaultHead, wanted, runs}, {bed.ControlHead, controls, controlRuns}} {
		rows, n, err := table(ctx, part.head, part.of, part.runs)
		if err != nil {
			return err
		}
		all, failed = append(all, rows...), failed+n
	}
	err = all.Sum(os.Stdout)
	if failed > 0 {
		err = errors.Join(err, fmt.Errorf("%d runs have failed", failed))
	}
	return err
}

// choose returns the scenarios that are wanted, faults and controls.
func choose(only string) (wanted, controls []scenario.Scenario, err error) {
	names := strings.FieldsFunc(only, func(r rune) bool { return r == ',' || r == ' ' })
	fits := func(name string) bool {
		return len(names) == 0 || slices.ContainsFunc(names, func(n string) bool {
			group, all := strings.CutSuffix(n, "/...")
			return name == group || all && strings.HasPrefix(name, group+"/")
		})
	}
	for _, s := range faults.All() {
		switch {
		case !fits(s.Name):
		case s.Control():
			controls = append(controls, s)
		default:
			wanted = append(wanted, s)
		}
	}
	if len(wanted)+len(controls) == 0 {
		return nil, nil, fmt.Errorf("ONLY=%q names no scenario", only)
	}
	return wanted, controls, nil
}

// table runs scenarios and prints their rows. A run that fails counts as one
// without an event.
func table(ctx context.Context, head string, of []scenario.Scenario, runs int) (rows bed.Table, failed int, err error) {
	if len(of) == 0 {
		return nil, 0, nil
	}
	fmt.Printf("\n%s\n", head)
	for _, s := range of {
		row := bed.Row{Scenario: s}
		for i := range runs {
			r, err := one(ctx, s, i)
			if ctx.Err() != nil {
				return nil, 0, ctx.Err()
			}
			text := tell(&r)
			if err != nil {
				failed++
				text = "failed: " + err.Error()
			}
			fmt.Fprintf(os.Stderr, "%s, %d of %d: %s\n", s.Name, i+1, runs, text)
			row.Results = append(row.Results, r)
		}
		fmt.Println(row)
		rows = append(rows, row)
	}
	return rows, failed, nil
}

// one runs a scenario once.
func one(ctx context.Context, s scenario.Scenario, i int) (r bed.Result, err error) {
	exe, err := os.Executable()
	if err != nil {
		return r, err
	}
	dir, err := os.MkdirTemp("", "holmes-scenario-")
	if err != nil {
		return r, err
	}
	if keep := os.Getenv("KEEP"); keep != "" {
		dir = filepath.Join(keep, strings.ReplaceAll(s.Name, "/", "-")+"-"+strconv.Itoa(i+1))
		if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700)); err != nil {
			return r, err
		}
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	return bed.Run(ctx, exe, s, bed.Plan{Scenario: s.Name, Dir: dir, Calm: calm})
}

// tell is a run in a line.
func tell(r *bed.Result) string {
	if !r.Captured() {
		return fmt.Sprintf("no event (%d before the fault, %d baselines)", r.Early, r.Rounds)
	}
	return fmt.Sprintf("%s after %v (%d events, %d before the fault, %d baselines), guilty at %d, confident %t: %s",
		r.Signal, r.After.Round(100*time.Millisecond), r.Events, r.Early, r.Rounds, r.Rank, r.Confident, r.Sentence)
}
