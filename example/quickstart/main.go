// Quickstart is a small HTTP service that goes wrong on purpose, with holmes in
// it. Run it and watch:
//
//	go run ./example/quickstart -fault cpu
//
// A steady load of sorting, JSON, hashing and cache look-ups comes over
// loopback from the same process. After a calm phase a fault is switched on;
// holmes notices, writes the evidence, and delivers it to a second directory
// that stands for wherever your evidence is to go. See -help for the faults.
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// onceLimit is how long a run with -once may take. It takes two thirds of it
// on a machine that has nothing else to do.
const onceLimit = 88 * time.Second

// run is the program: 0 when all went as it should, 1 when it did not, 2 when
// it was called wrongly. Everything that it starts has ended when it returns.
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
	faults []fault
	once   bool
	dir    string
}

const usage = `Quickstart runs a small service under a steady load, lets it go wrong after a
calm phase, and shows what holmes makes of it.

Usage: quickstart [-fault name] [-once] [-dir path]

The faults:
  cpu        a function that is quadratic in the length of a cart, and long
             carts: about half of the usable cores, until holmes has it
  goroutine  6000 goroutines that wait to send to a reader who has left
  heap       a map of sessions that nobody cleans up, 10 MB a second
  all        one after the other

Files: the events lie in <dir>/evidence, each in a directory of its own, and
their copies in <dir>/delivered, where the file reporter has brought them.

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
	name := f.String("fault", "all", "what goes wrong: cpu, goroutine, heap or all")
	f.BoolVar(&o.once, "once", false, "end when every fault has been found, with status 0, or 1 if one was not; "+
		"without it the service runs on until Ctrl-C")
	f.StringVar(&o.dir, "dir", "", "where the files go (default: a new private directory below "+os.TempDir()+")")
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
