// Package command is the commands of the program holmes: their flags, help,
// completion and output.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/go-holmes/holmes/collector/internal/demo"
)

// A command is the first argument of holmes.
type command struct {
	name    string
	summary string
	run     func(ctx context.Context, std Std, args []string) error
}

func commands() []command {
	return []command{
		{"serve", "keep, find and merge the profiles and events of a fleet", runServe},
		{"demo", "watch a collector and a service that goes wrong", runDemo},
		{"push", "send profiles, from files or from net/http/pprof", runPush},
		{"ls", "list events or profiles, of a collector or a directory", runList},
		{"show", "show one event", runShow},
		{"top", "list the functions of a profile", runTop},
		{"diff", "list the functions that changed between two profiles", runDiff},
		{"flame", "draw a flame graph, or that of a difference, as SVG", runFlame},
		{"check", "read all uploads of a collector's directory, and list the damaged ones", runCheck},
		{"completion", "print the script with which a shell completes these commands", runCompletion},
		{"version", "print the version", runVersion},
	}
}

// hidden are the commands that other programs run.
func hidden() []command {
	return []command{{"__complete", "", runComplete}, {demo.TargetCommand, "", runTarget}}
}

// Run runs the command that the arguments name, and returns the exit status.
func Run(ctx context.Context, std Std, args []string) int {
	if len(args) == 0 {
		usage(std.Err)
		return ExitUsage
	}
	if args[0] == "help" && len(args) > 1 {
		args = []string{args[1], "-help"}
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		usage(std.Out)
		return ExitOK
	}
	for _, c := range append(commands(), hidden()...) {
		if c.name != args[0] {
			continue
		}
		err := c.run(ctx, std, args[1:])
		if err != nil && !errors.Is(err, errHelp) {
			fmt.Fprintln(std.Err, err)
		}
		return exitStatus(err)
	}
	fmt.Fprintf(std.Err, "holmes: there is no command %q\n\n", args[0])
	usage(std.Err)
	return ExitUsage
}

func usage(w io.Writer) {
	fmt.Fprint(w, "holmes keeps the evidence of a fleet of Go services.\n\n  holmes <command> [flags]\n\nCommands:\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-10s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "\n\"holmes <command> -help\" tells more. Exit status: 0 is success, 1 a failure, 2 a mistake in the\ncommand line, the environment or the configuration file, 3 that nothing was found.\n")
}
