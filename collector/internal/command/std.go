package command

import (
	"errors"
	"flag"
	"io"

	"github.com/go-holmes/holmes/collector"
)

// The exit status of the process.
const (
	ExitOK    = 0
	ExitError = 1 // a failure
	ExitUsage = 2 // a mistake in the command line, the environment or the configuration file
	ExitEmpty = 3 // nothing was found
)

// Std is the surroundings of a command.
type Std struct {
	In       io.Reader
	Out, Err io.Writer
	Env      func(string) (string, bool)

	inspect func(*flag.FlagSet) // is given the flags of a command, which then does nothing else
}

// A usageError is a mistake in the command line.
type usageError struct{ error }

// errHelp is the error of a command that has printed its help.
var errHelp = errors.New("help was asked for")

// exitStatus is the exit status that an error stands for.
func exitStatus(err error) int {
	if err == nil || errors.Is(err, errHelp) {
		return ExitOK
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return ExitUsage
	}
	if collector.CodeOf(err) == collector.NotFound {
		return ExitEmpty
	}
	return ExitError
}
