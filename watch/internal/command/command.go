// Package command is the command line of holmes-watch.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"

	"github.com/go-holmes/holmes/event"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Std is what a command writes to.
type Std struct{ Out, Err io.Writer }

// A command is a subcommand.
type command struct {
	name, summary string
	run           func(ctx context.Context, s Std, args []string) error
	hidden        bool
}

func commands() []command {
	return []command{
		{name: "run", summary: "watch the targets of a configuration", run: runRun},
		{name: "check", summary: "check a configuration", run: runCheck},
		{name: "demo", summary: "three services, a fault in one, and its event", run: runDemo},
		{name: "version", summary: "print the version", run: runVersion},
		{name: serviceCommand, run: runService, hidden: true},
	}
}

const intro = `holmes-watch watches services that serve net/http/pprof from outside. It takes the evidence of
an anomaly when it happens and names the responsible function.

`

// Run runs the command of the arguments and returns the exit status: 0, 1 after an
// error, or 2 for a wrong command line.
func Run(ctx context.Context, s Std, args []string) int {
	if len(args) == 0 || slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		usage(s.Out)
		return map[bool]int{true: 2, false: 0}[len(args) == 0]
	}
	all := commands()
	at := slices.IndexFunc(all, func(c command) bool { return c.name == args[0] })
	if at < 0 {
		fmt.Fprintf(s.Err, "holmes-watch: there is no command %q\n\n", args[0])
		usage(s.Err)
		return 2
	}
	err := all[at].run(ctx, s, args[1:])
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, new(usageError)):
		fmt.Fprintln(s.Err, err)
		return 2
	}
	fmt.Fprintln(s.Err, err)
	return 1
}

func usage(to io.Writer) {
	fmt.Fprint(to, intro)
	for _, c := range commands() {
		if !c.hidden {
			fmt.Fprintf(to, "  holmes-watch %-8s %s\n", c.name, c.summary)
		}
	}
	fmt.Fprint(to, "\nholmes-watch <command> -help lists the flags of a command.\n")
}

// A usageError is a wrong command line.
type usageError struct{ error }

// parse parses the flags of a command, which takes no other arguments than most.
func parse(s Std, f *flag.FlagSet, args []string, most int) error {
	f.SetOutput(s.Err)
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return usageError{err}
	}
	if f.NArg() > most {
		return usageError{fmt.Errorf("holmes-watch %s: too many arguments: %q", f.Name(), f.Args())}
	}
	return nil
}

// logger returns a logger that writes lines of JSON.
func logger(to io.Writer, level zapcore.Level) *zap.Logger {
	c := zap.NewProductionEncoderConfig()
	c.EncodeTime = zapcore.ISO8601TimeEncoder
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(c), zapcore.Lock(zapcore.AddSync(to)), level))
}

func runVersion(_ context.Context, s Std, args []string) error {
	if err := parse(s, flag.NewFlagSet("version", flag.ContinueOnError), args, 0); err != nil {
		return err
	}
	_, err := fmt.Fprintln(s.Out, event.Version)
	return err
}
