// Command detect judges the same recorded series by the default rules of holmes
// and by those of others. It prints which faults they hit, how many false captures
// they have and how late they are. No parameter is chosen on the half that it
// reports.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/program"

	"github.com/go-holmes/holmes/bench/internal/report"
)

const usageText = `detect judges recorded series by the rules of holmes and of others.

Usage: detect [-half choosing [-alone] [-rule fields]] [-write] [-check]

Progress is on standard error, Markdown on standard output.

`

func main() { program.Main("detect", run) }

func run(ctx context.Context) error {
	root := flag.String("root", "..", "the source of holmes")
	half := flag.String("half", "reported", "reported, or choosing to look for parameters")
	write := flag.Bool("write", false, "put the tables into docs/benchmarks.md and README.md, and the figures into bench/detect.json")
	check := flag.Bool("check", false, "holmes alone, and fail if it has more false captures or misses more faults than bench/detect.json says")
	alone := flag.Bool("alone", false, "holmes alone, to look for parameters")
	rule := flag.String("rule", "", "fields of the rule of -signal to try, in JSON, such as {\"Window\": \"5m\"}: only with -half choosing")
	signalName := flag.String("signal", "cpu", "the signal of -rule")
	program.Parse(usageText)
	if *alone && *write {
		return errors.New("-write needs all of the table: it goes without -alone")
	}
	if *rule != "" && (*half != "choosing" || *write) {
		return errors.New("-rule is for choosing: it needs -half choosing, and goes without -write")
	}
	t, err := newTrial(filepath.Join(*root, "bench", "data"), *half)
	if err != nil {
		return err
	}
	if *rule != "" {
		fast, _ := holmes.DefaultRule(holmes.Signal(*signalName))
		if t.rules[holmes.Signal(*signalName)], err = parseRule(*rule, fast); err != nil {
			return err
		}
	}
	if t.alone = *check || *alone; *check {
		return t.check(*root)
	}
	tables := t.all()
	place := fmt.Sprintf("The %s half. %s, by `make bench-detect`.", *half, report.Place(ctx, *root))
	text := []string{t.brief.table().Markdown(0)}
	for _, one := range tables {
		text = append(text, one.Markdown(3))
	}
	whole := strings.Join(text, "\n") + "\n" + t.behind() + "\n\n" + place
	fmt.Println(whole)
	if *write {
		err = t.write(*root, whole)
	}
	return errors.Join(err, t.bounds())
}
