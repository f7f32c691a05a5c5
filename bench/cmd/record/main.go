// Command record makes a recording of a calm service: a real HTTP server under
// bursty traffic without any fault, its CPU and resident memory read once a
// second as holmes reads them. The output is a series in the format of
// ../../data/README.md.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"

	"github.com/go-holmes/holmes/internal/program"
)

const usage = `record makes a recording of a calm service under bursty traffic.

Usage: record -seed 1 -minutes 20 >recorded-1.txt

`

func main() { program.Main("record", run) }

func run(ctx context.Context) error {
	if os.Getenv(serveEnv) != "" {
		return serve(os.Stdin, os.Stdout)
	}
	seed := flag.Uint64("seed", 1, "chooses the traffic")
	minutes := flag.Float64("minutes", 20, "how long to record")
	split := flag.Int("split", 0, "0 for choosing, 1 for the table")
	program.Parse(usage)
	return record(ctx, newTraffic(*seed), int(*minutes*60), fmt.Sprintf("recorded-%d", *seed), *split, os.Stdout)
}

// A second is one reading of the service.
type second struct {
	cpu float64 // percent of a core
	rss float64 // MiB
}

// record starts the service, sends it traffic and writes its readings.
func record(ctx context.Context, t *traffic, seconds int, unit string, split int, w io.Writer) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	service, address, err := program.Start(ctx, serveEnv+"=1")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop(service)) }()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		t.send(ctx, "http://"+address)
	}()
	defer func() { cancel(); <-sent }()
	all := make([]second, 0, seconds)
	for len(all) < seconds && service.Lines.Scan() {
		s, err := parseSecond(service.Lines.Text())
		if err != nil {
			return err
		}
		all = append(all, s)
		if len(all)%60 == 0 {
			fmt.Fprintf(os.Stderr, "%s: %d of %d minutes\n", unit, len(all)/60, seconds/60)
		}
	}
	if len(all) < seconds {
		return errors.Join(fmt.Errorf("the service ended after %d seconds", len(all)), service.Lines.Err())
	}
	return write(w, unit, split, all)
}

// The limits that percentages of the recorded service are of.
const (
	limitCores = 0.25
	limitMiB   = 128
)

func write(w io.Writer, unit string, split int, all []second) error {
	out := bufio.NewWriter(w)
	for _, metric := range []string{"cpu", "mem"} {
		fmt.Fprintf(out, "S %s %s 1 %d\nW \nM \nV", unit, metric, split)
		owed := 0.0
		for _, s := range all {
			v := s.rss / limitMiB * 100
			if metric == "cpu" {
				// CPU time over the limit moves to the seconds after, as with a
				// quota.
				v = s.cpu/limitCores + owed
				owed = max(v-100, 0)
				v -= owed
			}
			fmt.Fprintf(out, " %s", strconv.FormatFloat(v, 'f', 1, 64))
		}
		fmt.Fprintln(out)
	}
	return out.Flush()
}

func parseSecond(line string) (s second, err error) {
	if _, err = fmt.Sscan(line, &s.cpu, &s.rss); err != nil {
		err = fmt.Errorf("the service said %q: %w", line, err)
	}
	return s, err
}

// stop closes the input of the service, which ends it.
func stop(p *program.Process) error {
	return errors.Join(p.Stdin.Close(), p.Process.Kill(), ignoreKill(p.Wait()))
}

// ignoreKill is nil for a process that stop has ended.
func ignoreKill(err error) error {
	if _, killed := errors.AsType[*exec.ExitError](err); killed {
		return nil
	}
	return err
}
