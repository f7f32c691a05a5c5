// Command oom-table runs the race between the kernel's out-of-memory killer
// and holmes in every cell of a table, and prints it as Markdown. It needs
// Linux, root and a memory controller; RUNS is how many races a cell gets.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes/internal/environment"
	"github.com/go-holmes/holmes/internal/program"
	"github.com/go-holmes/holmes/scripts/oom-table/race"
)

const usage = `oom-table races holmes against the kernel's out-of-memory killer.

A service with 20 MiB of normal heap leaks in a memory cgroup of 256 MiB, of 160 MiB
with many allocation sites, until it is killed. The events on disk then are the result.

Usage: RUNS=10 oom-table [-cells text]

`

// raceTime bounds one race.
const raceTime = 2 * time.Minute

func main() {
	if race.Child() {
		os.Exit(1)
	}
	only := flag.String("cells", "", "run only the cells whose name contains this text")
	program.Parse(usage)
	program.Main("oom-table", func(ctx context.Context) error { return table(ctx, *only) })
}

func table(ctx context.Context, only string) error {
	runs, err := program.Runs("10")
	if err != nil {
		return err
	}
	fmt.Printf("%d races a cell, %s, %d cores, %s, commit %s\n\n", runs, runtime.Version(), runtime.NumCPU(), environment.Kernel(), environment.Commit(ctx, "."))
	fmt.Println("| leak | captured | in the profile: median, worst | at least half of it | killed after |")
	fmt.Println("|---|---|---|---|---|")
	short := false
	for _, c := range cells() {
		if !strings.Contains(c.String(), only) {
			continue
		}
		r, err := raceCell(ctx, c, runs)
		if err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
		fmt.Println(r)
		short = short || !r.enough()
	}
	if short {
		return errors.New("a cell is below its bound: 95 % captured of byte slices, and 90 % of pointers and with many sites, and in 90 % of the captures of byte slices at least half of the heap in the leaking function")
	}
	return nil
}

// cells are all combinations, and a service with many allocation sites.
func cells() (all []race.Cell) {
	for _, pointers := range []bool{false, true} {
		for _, rate := range []int{100e6, 500e6, 2000e6} {
			for _, soft := range []bool{false, true} {
				for _, cores := range []float64{0, 0.5} {
					all = append(all, race.Cell{Rate: rate, Pointers: pointers, Soft: soft, Cores: cores})
				}
			}
		}
	}
	return append(all, race.Cell{Rate: 50e6, Sites: true})
}

// A row is the results of one cell.
type row struct {
	cell    race.Cell
	results []race.Result
}

func raceCell(ctx context.Context, c race.Cell, runs int) (r row, err error) {
	r.cell = c
	for i := range runs {
		one, cancel := context.WithTimeout(ctx, raceTime)
		res, err := race.Run(one, c)
		cancel()
		if err != nil {
			return r, err
		}
		fmt.Fprintf(os.Stderr, "%s, %d of %d: captured %t, share %.0f %%, killed after %v: %s\n",
			c, i+1, runs, res.Captured, res.Share*100, res.Lasted.Round(time.Millisecond), res.Reason)
		r.results = append(r.results, res)
	}
	return r, nil
}

func (r row) count(is func(race.Result) bool) (n int) {
	for _, res := range r.results {
		if is(res) {
			n++
		}
	}
	return n
}

func (r row) captured() int { return r.count(func(res race.Result) bool { return res.Captured }) }

// meaningful counts the captures in which the leak is at least half.
func (r row) meaningful() int {
	return r.count(func(res race.Result) bool { return res.Captured && res.Share >= 0.5 })
}

func (r row) enough() bool {
	n, captured := float64(len(r.results)), float64(r.captured())
	if r.cell.Pointers || r.cell.Sites {
		return captured >= 0.9*n
	}
	return captured >= 0.95*n && float64(r.meaningful()) >= 0.9*captured
}

func (r row) String() string {
	var shares []float64
	var lasted []time.Duration
	for _, res := range r.results {
		lasted = append(lasted, res.Lasted)
		if res.Captured {
			shares = append(shares, res.Share*100)
		}
	}
	slices.Sort(shares)
	slices.Sort(lasted)
	share := "-"
	if n := len(shares); n > 0 {
		share = fmt.Sprintf("%.0f %%, %.0f %%", shares[n/2], shares[0])
	}
	return fmt.Sprintf("| %s | %d of %d | %s | %d of %d | %.2f s |", r.cell, r.captured(), len(r.results), share,
		r.meaningful(), r.captured(), lasted[len(lasted)/2].Seconds())
}
