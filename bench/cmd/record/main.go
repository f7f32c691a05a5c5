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
	"os/signal"
	"strconv"
	"strings"
	"time"
)

const usage = `record makes a recording of a calm service under bursty traffic.

Usage: record -seed 1 -minutes 20 >recorded-1.txt

`

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to cancel
	}
}

func run(ctx context.Context) error {
	if os.Getenv(serveEnv) != "" {
		return serve(os.Stdin, os.Stdout)
	}
	seed := flag.Uint64("seed", 1, "chooses the traffic")
	minutes := flag.Float64("minutes", 20, "how long to record")
	split := flag.Int("split", 0, "0 for choosing, 1 for the table")
	flag.Usage = func() {
		fmt.Fprint(os.Stderr, usage)
		flag.PrintDefaults()
	}
	flag.Parse()
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
	service, lines, err := startService(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.stop()) }()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		t.send(ctx, "http://"+service.address)
	}()
	defer func() { cancel(); <-sent }()
	all := make([]second, 0, seconds)
	for len(all) < seconds && lines.Scan() {
		s, err := parseSecond(lines.Text())
		if err != nil {
			return err
		}
		all = append(all, s)
		if len(all)%60 == 0 {
			fmt.Fprintf(os.Stderr, "%s: %d of %d minutes\n", unit, len(all)/60, seconds/60)
		}
	}
	if len(all) < seconds {
		return errors.Join(fmt.Errorf("the service ended after %d seconds", len(all)), lines.Err())
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

// A process is the running service.
type process struct {
	cmd     *exec.Cmd
	stdin   io.Closer
	address string
}

func startService(ctx context.Context) (*process, *bufio.Scanner, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), serveEnv+"=1")
	cmd.Stderr = os.Stderr
	cmd.WaitDelay = time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() {
		return nil, nil, errors.Join(errors.New("the service did not start"), lines.Err(), cmd.Wait())
	}
	return &process{cmd, stdin, strings.TrimSpace(lines.Text())}, lines, nil
}

// stop closes the input of the service, which ends it.
func (p *process) stop() error {
	return errors.Join(p.stdin.Close(), p.cmd.Process.Kill(), ignoreKill(p.cmd.Wait()))
}

// ignoreKill is nil for a process that stop has ended.
func ignoreKill(err error) error {
	if _, killed := errors.AsType[*exec.ExitError](err); killed {
		return nil
	}
	return err
}
