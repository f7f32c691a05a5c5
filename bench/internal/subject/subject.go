// Package subject is the main function of the programs that are compared. Each is
// the same small service with another watcher. The command bench runs them as
// processes, begins faults in them, and reads the files that they leave.
package subject

import (
	"bufio"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/go-holmes/holmes/internal/realgroup"
)

// Prefix begins every line for the command bench. A watcher may write to standard
// output, too.
const Prefix = "bench: "

// Options are the settings that every watcher starts with.
type Options struct {
	Dir      string // for its files
	Interval string // "" is its default
	Memory   uint64 // limit in bytes
	Cores    float64
}

// A Watcher is the library that watches a subject.
type Watcher struct {
	// Path is its import path, which the stacks of its goroutines contain.
	Path string
	// Start starts it with its defaults and with all its signals on, and returns a
	// function that stops it. Nil is a service without a watcher.
	Start func(Options) (stop func(), err error)
	// Tick is its work once an interval while no signal fires, without its sleep.
	// Nil if it has no such work.
	Tick func() error
}

// Main runs a subject until the end of its input.
func Main(w Watcher) {
	if err := run(w); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w Watcher) error {
	var o Options
	flag.StringVar(&o.Dir, "dir", "", "where evidence goes")
	flag.StringVar(&o.Interval, "interval", "", "between two readings")
	flag.Uint64Var(&o.Memory, "memory", 0, "limit in bytes, 0 for the real one")
	flag.Float64Var(&o.Cores, "cores", 0, "that percentages are of, 0 for the real ones")
	ticks := flag.Int("ticks", 0, "run so many ticks at once, and end")
	normal := flag.Int("normal", 0, "bytes of normal heap")
	groups := flag.String("groups", "", "control groups to join, by commas")
	flag.Parse()
	for group := range strings.SplitSeq(*groups, ",") {
		if group != "" {
			if err := realgroup.Join(filepath.Clean(group)); err != nil {
				return err
			}
		}
	}
	if *ticks > 0 {
		return runTicks(w, *ticks)
	}
	s := &service{watcher: w}
	s.fill(*normal)
	go s.beat()
	if w.Start != nil {
		var err error
		if s.stop, err = w.Start(o); err != nil {
			return err
		}
	}
	say("ready")
	return s.obey()
}

func say(format string, args ...any) { fmt.Printf(Prefix+format+"\n", args...) }

// obey runs the commands of its input, line by line.
func (s *service) obey() error {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		command, arg, _ := strings.Cut(lines.Text(), " ")
		if err := s.command(command, arg); err != nil {
			return fmt.Errorf("%s: %w", lines.Text(), err)
		}
	}
	return lines.Err()
}

func (s *service) command(name, arg string) error {
	switch name {
	case "cpu", "heap", "goroutine":
		s.begin(name)
	case "leak":
		rate, err := strconv.Atoi(arg)
		if err != nil {
			return err
		}
		s.leak(rate)
	case "foreign":
		length, err := time.ParseDuration(arg)
		if err != nil {
			return err
		}
		return s.foreign(length)
	case "usage":
		s.usage()
	case "memory":
		s.memory()
	case "stop":
		s.stopNow()
	default:
		return errors.New(cmp.Or(name, "an empty line") + " is no command")
	}
	return nil
}
