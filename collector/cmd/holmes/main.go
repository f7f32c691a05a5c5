// Command holmes is the collector of a fleet's evidence, and what goes with it.
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

	"github.com/go-holmes/holmes/collector"
)

// What the process ends with.
const (
	exitOK    = 0
	exitError = 1 // something went wrong
	exitUsage = 2 // the command line, the environment or the file makes no sense
	exitEmpty = 3 // nothing was found
)

// A command is one word after holmes.
type command struct {
	name    string
	summary string
	run     func(ctx context.Context, std stdio, args []string) error
}

// stdio is what a command talks to.
type stdio struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) (string, bool)
	// inspect is given the flags of a command, which then does nothing else.
	inspect func(*flag.FlagSet)
}

func commands() []command {
	return []command{
		{"serve", "keep, find and merge the profiles and events of a fleet", serve},
		{"demo", "watch a collector and a service that goes wrong", demo},
		{"push", "send profiles, from files or from net/http/pprof", push},
		{"ls", "list events or profiles, of a collector or a directory", list},
		{"show", "show one event", show},
		{"top", "list the functions of a profile", top},
		{"diff", "list the functions that changed between two profiles", diff},
		{"flame", "draw a flame graph, or that of a difference, as SVG", drawFlame},
		{"completion", "print what makes a shell complete these commands", completion},
		{"version", "say which version this is", printVersion},
	}
}

// hidden are the commands that no person types.
func hidden() []command {
	return []command{{"__complete", "", complete}, {shopCommand, "", runShop}}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, stdio{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.LookupEnv}, os.Args[1:])
	stop()
	os.Exit(code)
}

// A usageError is a command line that makes no sense.
type usageError struct{ error }

// errHelp is what a command returns that was asked for its help.
var errHelp = errors.New("help was asked for")

func run(ctx context.Context, std stdio, args []string) int {
	if len(args) == 0 {
		usage(std.err)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		usage(std.out)
		return exitOK
	}
	for _, c := range append(commands(), hidden()...) {
		if c.name == args[0] {
			return exitCode(std, c.run(ctx, std, args[1:]))
		}
	}
	fmt.Fprintf(std.err, "holmes: there is no command %q\n\n", args[0])
	usage(std.err)
	return exitUsage
}

func exitCode(std stdio, err error) int {
	if err == nil || errors.Is(err, errHelp) {
		return exitOK
	}
	fmt.Fprintln(std.err, err)
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	if collector.CodeOf(err) == collector.NotFound {
		return exitEmpty
	}
	return exitError
}

func usage(w io.Writer) {
	fmt.Fprint(w, "holmes keeps the evidence of a fleet of Go services.\n\n  holmes <command> [flags]\n\nCommands:\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-10s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "\n\"holmes <command> -help\" tells more. Exit status: 0 is success, 1 a failure, 2 a mistake in the\ncommand line, the environment or the configuration file, 3 that nothing was found.\n")
}
