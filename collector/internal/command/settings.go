package command

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// settings come from flags, from the environment and from a file, in this order
// of precedence. The flag -max-age is the variable HOLMES_MAX_AGE and the line
// "max-age = 30d". Secrets have no flag: other users can read a command line.
type settings struct {
	flags   *flag.FlagSet
	secrets map[string]*string
	file    string
	essay   string
	args    string // the arguments after the flags, for the help
}

func newSettings(name, essay string) *settings {
	s := &settings{flags: flag.NewFlagSet(name, flag.ContinueOnError), secrets: map[string]*string{}, essay: essay}
	s.flags.StringVar(&s.file, "config", "", "read settings from `file`, a \"flag = value\" on each line")
	return s
}

// secret is a setting that has no flag.
func (s *settings) secret(to *string, name string) { s.secrets[name] = to }

// parse reads the flags, the environment and the file.
func (s *settings) parse(std Std, args []string) error {
	s.flags.SetOutput(io.Discard)
	s.flags.Usage = func() {}
	if std.inspect != nil {
		std.inspect(s.flags)
		return errHelp
	}
	err := s.flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		s.help(std.Out)
		return errHelp
	}
	if err != nil {
		return usageError{fmt.Errorf("holmes %s: %w; see holmes %s -help", s.flags.Name(), err, s.flags.Name())}
	}
	if s.flags.NArg() > 0 && s.args == "" {
		return usageError{fmt.Errorf("holmes %s: unexpected argument %q", s.flags.Name(), s.flags.Arg(0))}
	}
	if err := s.fill(std); err != nil {
		return usageError{fmt.Errorf("holmes %s: %w", s.flags.Name(), err)}
	}
	return nil
}

// fill sets the settings without a flag, from the environment or else from the file.
func (s *settings) fill(std Std) error {
	given := map[string]bool{}
	s.flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if value, ok := std.Env(variable("config")); ok && !given["config"] {
		s.file = value
	}
	lines, err := readSettings(s.file)
	if err != nil {
		return err
	}
	var errs []error
	s.flags.VisitAll(func(f *flag.Flag) {
		line, inFile := lines[f.Name]
		delete(lines, f.Name)
		if given[f.Name] || f.Name == "config" {
			return
		}
		if value, ok := std.Env(variable(f.Name)); ok {
			errs = append(errs, wrong(variable(f.Name), f.Value.Set(value)))
		} else if inFile {
			errs = append(errs, wrong(s.file+": "+f.Name, f.Value.Set(line)))
		}
	})
	for name, to := range s.secrets {
		*to = lines[name]
		delete(lines, name)
		if value, ok := std.Env(variable(name)); ok {
			*to = value
		}
	}
	for name := range lines {
		errs = append(errs, fmt.Errorf("%s: there is no setting %q", s.file, name))
	}
	return errors.Join(errs...)
}

func wrong(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// variable is the environment's name of a setting.
func variable(name string) string {
	return "HOLMES_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// readSettings reads a configuration file: lines of "name = value", and comments
// that begin with #.
func readSettings(path string) (map[string]string, error) {
	lines := map[string]string{}
	if path == "" {
		return lines, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	scanner := bufio.NewScanner(f)
	for n := 1; scanner.Scan(); n++ {
		line := strings.TrimSpace(scanner.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("%s:%d: %q is not \"name = value\"", path, n, line)
		}
		lines[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return lines, scanner.Err()
}

// help prints the purpose of a command and its settings.
func (s *settings) help(w io.Writer) {
	if s.args != "" {
		fmt.Fprintf(w, "  holmes %s [flags] %s\n\n", s.flags.Name(), s.args)
	}
	fmt.Fprintf(w, "%s\n\nFlags, each also as a variable (-max-age is HOLMES_MAX_AGE) or as a line of the -config file:\n",
		strings.TrimSpace(s.essay))
	s.flags.VisitAll(func(f *flag.Flag) {
		kind, text := flag.UnquoteUsage(f)
		fmt.Fprintf(w, "  -%s %s\n    \t%s", f.Name, kind, text)
		if f.DefValue != "" && f.DefValue != "false" {
			fmt.Fprintf(w, " (default %s)", f.DefValue)
		}
		fmt.Fprintln(w)
	})
}
