// Package program has what the programs of this repository that measure something
// share: their main function, and the processes and servers that they run.
package program

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
)

// Main runs a program until it ends or is interrupted. An error ends it with status 1.
func Main(name string, run func(ctx context.Context) error) {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	cancel()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

// Parse parses the flags. Their help begins with usage.
func Parse(usage string) {
	flag.Usage = func() {
		fmt.Fprint(os.Stderr, usage)
		flag.PrintDefaults()
	}
	flag.Parse()
}

// Runs returns the number in the environment variable RUNS.
func Runs(usual string) (int, error) {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("RUNS"), usual))
	if err != nil || n < 1 {
		return 0, fmt.Errorf("RUNS=%q must be a number from 1 on", os.Getenv("RUNS"))
	}
	return n, nil
}
