package command

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/go-holmes/holmes/collector/flame"
	"github.com/go-holmes/holmes/collector/internal/render"
	"github.com/go-holmes/holmes/collector/internal/term"
)

const topEssay = `
holmes top lists the functions of a profile, the largest first: what was measured in each itself, and with what it called.

  holmes top cpu.pb.gz
  holmes top 20261121T003331.410124209Z-cpu-023769aa
  holmes top -service shop -type cpu -from 1h
` + whatEssay

func runTop(ctx context.Context, std Std, args []string) error {
	v := &view{}
	s := newSettings("top", topEssay)
	v.set(s)
	s.flags.IntVar(&v.rows, "n", 30, "print so `many` functions; 0 is all")
	if err := s.parse(std, args); err != nil {
		return err
	}
	if s.flags.NArg() > 1 {
		return usageError{errors.New("holmes top: one profile at a time; holmes diff compares two")}
	}
	one, err := v.one(ctx, s.flags.Args())
	if err != nil {
		return err
	}
	d, err := v.drawing(one, nil)
	if err != nil {
		return err
	}
	return v.print(std.Out, d)
}

// print prints the table of functions.
func (v *view) print(w io.Writer, d *render.Drawing) error {
	o := v.options(d)
	table := flame.Top(d.Stacks(), o)
	total := len(table.Rows)
	if v.json {
		rows := total
		if v.rows > 0 {
			rows = min(rows, v.rows)
		}
		return term.JSON(w, topView{Sample: d.Value, Top: render.NewTop(d, d.Value, table, rows)})
	}
	if v.rows > 0 && total > v.rows {
		table.Rows = table.Rows[:v.rows]
	}
	fmt.Fprintf(w, "%s: %s in all", o.Title, flame.Format(table.Total, o.Unit))
	if o.Diff {
		fmt.Fprintf(w, ", %s before: %s", flame.Format(table.TotalBase, o.Unit), flame.Change(table.Total, table.TotalBase, o.Unit))
	}
	fmt.Fprintf(w, ", %s; %d of %d functions\n", o.Of, len(table.Rows), total)
	if o.Note != "" {
		fmt.Fprintln(w, o.Note)
	}
	heading := "ITSELF\t\tWITH CALLS\t\tFUNCTION"
	if o.Diff {
		heading = "ITSELF\tCHANGE\tWITH CALLS\tCHANGE\tFUNCTION"
	}
	err := term.Table(w, heading, table.Rows, func(r flame.Row) []string {
		flat, cum := flame.Percent(table.Share(r.Flat)), flame.Percent(table.Share(r.Cum))
		if o.Diff {
			flat, cum = flame.Change(r.Flat, r.FlatBase, o.Unit), flame.Change(r.Cum, r.CumBase, o.Unit)
		}
		return []string{flame.Format(r.Flat, o.Unit), flat, flame.Format(r.Cum, o.Unit), cum, r.Function}
	})
	return none(err, total, "function")
}

// A topView is the table as -json prints it.
type topView struct {
	Sample string `json:"sample"` // the same as value
	*render.Top
}
