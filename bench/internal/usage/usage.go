// Package usage reads recorded series of resource usage with labelled faults;
// bench/data/README.md has the format.
package usage

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Span is a range of sample indices, both ends included.
type Span struct {
	From, To int
	Kind     string
}

// Has reports whether an index is in the span.
func (s Span) Has(i int) bool { return s.From <= i && i <= s.To }

// A Series is the usage of one unit, a service or a machine, over time.
type Series struct {
	Unit    string
	Metric  string // cpu or mem
	Step    time.Duration
	Windows []Span // labelled faults
	Masked  []Span // indices that are not counted
	Values  []float64
}

// Load reads all files that match a pattern. The series are sorted by unit and
// metric.
func Load(pattern string) (all []Series, err error) {
	files, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no such files", pattern)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		got, err := Read(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, got...)
	}
	slices.SortFunc(all, func(a, b Series) int {
		return cmp.Or(strings.Compare(a.Unit, b.Unit), strings.Compare(a.Metric, b.Metric))
	})
	return all, nil
}

// Read reads the series of one file.
func Read(r io.Reader) (all []Series, err error) {
	in := bufio.NewReader(r)
	for number := 1; ; number++ {
		line, err := in.ReadString('\n')
		if kind, rest, _ := strings.Cut(strings.TrimSpace(line), " "); kind != "" {
			if kind == "S" {
				all = append(all, Series{})
			}
			if len(all) == 0 {
				return nil, fmt.Errorf("line %d: %q comes before the first S", number, kind)
			}
			if err := all[len(all)-1].add(kind, strings.Fields(rest)); err != nil {
				return nil, fmt.Errorf("line %d: %w", number, err)
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, err
		}
	}
}

// add adds one line.
func (s *Series) add(kind string, fields []string) (err error) {
	switch kind {
	case "S":
		return s.head(fields)
	case "W":
		s.Windows, err = spans(fields)
	case "M":
		s.Masked, err = spans(fields)
	case "V":
		s.Values = make([]float64, len(fields))
		for i, f := range fields {
			if s.Values[i], err = strconv.ParseFloat(f, 64); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("%q is none of S, W, M and V", kind)
	}
	return err
}

func (s *Series) head(fields []string) error {
	if len(fields) != 4 {
		return fmt.Errorf("an S has %d fields: must be unit, metric, step and split", len(fields))
	}
	step, err := strconv.Atoi(fields[2])
	if err != nil || step <= 0 {
		return fmt.Errorf("step %q: must be whole seconds above 0", fields[2])
	}
	s.Unit, s.Metric, s.Step = fields[0], fields[1], time.Duration(step)*time.Second
	return nil
}

func spans(fields []string) (all []Span, err error) {
	for _, f := range fields {
		parts := strings.SplitN(f, ":", 3)
		if len(parts) < 2 {
			return nil, fmt.Errorf("%q: must be from:to or from:to:kind", f)
		}
		var s Span
		if s.From, err = strconv.Atoi(parts[0]); err != nil {
			return nil, err
		}
		if s.To, err = strconv.Atoi(parts[1]); err != nil {
			return nil, err
		}
		if len(parts) == 3 {
			s.Kind = parts[2]
		}
		all = append(all, s)
	}
	return all, nil
}

// Halves assigns units, in the order of their names, in turn to the half that
// parameters may be chosen on and to the half that is reported. All series of a unit
// are in the same half.
func Halves(all []Series) (choosing, reported []Series) {
	turn, unit := true, ""
	for _, s := range all {
		if s.Unit != unit {
			turn, unit = !turn, s.Unit
		}
		if turn {
			reported = append(reported, s)
		} else {
			choosing = append(choosing, s)
		}
	}
	return choosing, reported
}

// Of returns the series of one metric.
func Of(all []Series, metric string) (some []Series) {
	for _, s := range all {
		if s.Metric == metric {
			some = append(some, s)
		}
	}
	return some
}
