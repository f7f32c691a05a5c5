// Quickstart is a small HTTP service that goes wrong on purpose, with holmes in
// it. Run it and watch:
//
//	go run ./example/quickstart -fault cpu
//
// The service is the shop of example/shop, under a steady load from the same
// process. After a calm phase a fault is injected. Holmes notices, writes the
// evidence, and delivers it to a second directory, in place of your own reporter.
// See -help for the faults, and watched in demo.go for what a service adds to
// its own code.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-holmes/holmes/example/shop"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// onceLimit bounds a run with -once. An idle machine needs two thirds of it.
const onceLimit = 88 * time.Second

// run is the program. It returns the exit status: 0 for success, 1 for a failure,
// 2 for a mistake in the arguments. Everything that it started has ended by then.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if o.once {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, onceLimit)
		defer cancel()
	}
	if err := play(ctx, o, stdout, stderr); err != nil {
		fmt.Fprintf(stdout, "\nFAILED: %v\n", err)
		return 1
	}
	return 0
}

// options are the flags.
type options struct {
	faults []shop.Fault
	once   bool
	dir    string
}

const usage = `Quickstart runs a small service under a steady load, injects faults after a calm
phase, and shows what holmes finds.

Usage: quickstart [-fault name] [-once] [-dir path]

The faults:
  cpu        a function that is quadratic in the length of a cart, and long
             carts: all usable cores, until holmes has it
  goroutine  6000 goroutines that wait to send to a reader who has left
  heap       a map of sessions that are never removed, 10 MB a second
  all        one after the other

Files: each event is a directory in <dir>/evidence. The file reporter copies it
to <dir>/delivered.

Flags:
`

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprint(stderr, usage)
		f.PrintDefaults()
	}
	name := f.String("fault", "all", "the fault to inject: cpu, goroutine, heap or all")
	f.BoolVar(&o.once, "once", false, "end after the last fault, with status 0 if all were found, else 1; "+
		"without it the service runs on until Ctrl-C")
	f.StringVar(&o.dir, "dir", "", "the directory of the files (default: a new private one below "+os.TempDir()+")")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.faults = named(*name)
	if len(o.faults) == 0 || f.NArg() > 0 {
		err := fmt.Errorf("unknown fault or argument: -fault %s %v; see -help", *name, f.Args())
		fmt.Fprintln(stderr, err)
		return o, err
	}
	return o, nil
}

// named returns the fault of a name, or all faults.
func named(name string) (out []shop.Fault) {
	for _, f := range shop.Faults() {
		if name == f.Name || name == "all" {
			out = append(out, f)
		}
	}
	return out
}
