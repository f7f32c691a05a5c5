package bed

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-holmes/holmes/bench/scenario"
)

// A Row has the runs of one scenario.
type Row struct {
	Scenario scenario.Scenario
	Results  []Result
}

// The bounds of the table, over all runs of all faults.
const (
	mostFirst       = 0.85
	mostWithinThree = 0.95
)

// ErrBounds is returned for a table that does not keep its bounds.
var ErrBounds = errors.New("the table does not keep its bounds: the guilty function first in 85 % of the runs " +
	"and within the first three in 95 %, and no confident name in a control")

func (r Row) count(is func(Result) bool) (n int) {
	for _, res := range r.Results {
		if is(res) {
			n++
		}
	}
	return n
}

func captured(r Result) bool    { return r.Events > 0 }
func first(r Result) bool       { return r.Rank == 1 }
func withinThree(r Result) bool { return r.Rank >= 1 && r.Rank <= 3 }
func confident(r Result) bool   { return r.Confident }
func wrong(r Result) bool       { return r.Wrong }

// sentence is that of the run in the middle, from best to worst.
func (r Row) sentence() string {
	sorted := slices.SortedStableFunc(slices.Values(r.Results), func(a, b Result) int {
		worth := func(r Result) int {
			if r.Rank == 0 {
				return 1000
			}
			return r.Rank
		}
		return cmp.Compare(worth(a), worth(b))
	})
	return strings.ReplaceAll(cmp.Or(sorted[(len(sorted)-1)/2].Sentence, "no event"), "|", `\|`)
}

// signals are those of the events.
func (r Row) signals() string {
	var all []string
	for _, res := range r.Results {
		if res.Captured() && !slices.Contains(all, string(res.Signal)) {
			all = append(all, string(res.Signal))
		}
	}
	return cmp.Or(strings.Join(all, ", "), "-")
}

// Heads are the head lines of the two tables.
const (
	FaultHead = "| scenario | signal | runs | captured | first | within three | confident | confidently wrong | median sentence |\n" +
		"|---|---|---|---|---|---|---|---|---|"
	ControlHead = "| control | signals | runs | events | confident names | a sentence |\n" +
		"|---|---|---|---|---|---|"
)

// String is the row in Markdown.
func (r Row) String() string {
	if r.Scenario.Control() {
		events := 0
		for _, res := range r.Results {
			events += res.Events
		}
		return fmt.Sprintf("| %s | %s | %d | %d | %d | %s |", strings.TrimPrefix(r.Scenario.Name, "control/"),
			r.signals(), len(r.Results), events, r.count(confident), r.sentence())
	}
	return fmt.Sprintf("| %s | %s | %d | %d | %d | %d | %d | %d | %s |", r.Scenario.Name, r.signals(), len(r.Results),
		r.count(captured), r.count(first), r.count(withinThree), r.count(confident), r.count(wrong), r.sentence())
}

// A Table is all rows.
type Table []Row

// Sum writes the line below the table, and returns [ErrBounds] if the table does not
// keep its bounds.
func (t Table) Sum(w io.Writer) error {
	var runs, controls, named, got, firsts, threes, sure, wrongs int
	for _, r := range t {
		if r.Scenario.Control() {
			controls += len(r.Results)
			named += r.count(confident)
			continue
		}
		runs += len(r.Results)
		got += r.count(captured)
		firsts += r.count(first)
		threes += r.count(withinThree)
		sure += r.count(confident)
		wrongs += r.count(wrong)
	}
	if runs > 0 {
		_, _ = fmt.Fprintf(w, "\n%d runs with a fault: captured %s, guilty function first %s, within the first three %s, confident %s, confidently wrong %s.\n",
			runs, part(got, runs), part(firsts, runs), part(threes, runs), part(sure, runs), part(wrongs, runs))
	}
	if controls > 0 {
		_, _ = fmt.Fprintf(w, "\n%d runs without: confident names in %d.\n", controls, named)
	}
	if named > 0 || float64(firsts) < mostFirst*float64(runs) || float64(threes) < mostWithinThree*float64(runs) {
		return ErrBounds
	}
	return nil
}

func part(n, of int) string { return fmt.Sprintf("%d (%.0f %%)", n, 100*float64(n)/float64(of)) }
