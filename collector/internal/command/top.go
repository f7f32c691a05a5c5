package command

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/flame"
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
	p, err := v.pair(one, nil)
	if err != nil {
		return err
	}
	return v.print(std.Out, p)
}

// print prints the table of functions.
func (v *view) print(w io.Writer, p *pair) error {
	o := p.options(v)
	table := flame.Top(p.stacks(), o)
	total := len(table.Rows)
	if v.rows > 0 && total > v.rows {
		table.Rows = table.Rows[:v.rows]
	}
	if v.json {
		return term.JSON(w, tableView(table, &o))
	}
	fmt.Fprintf(w, "%s: %s in all", o.Title, flame.Format(table.Total, o.Unit))
	if o.Diff {
		fmt.Fprintf(w, ", %s before: %s", flame.Format(table.TotalBase, o.Unit), flame.Change(table.Total, table.TotalBase, o.Unit))
	}
	fmt.Fprintf(w, "; %d of %d functions\n", len(table.Rows), total)
	heading := "ITSELF\t\tWITH CALLS\t\tFUNCTION"
	if o.Diff {
		heading = "ITSELF\tCHANGE\tWITH CALLS\tCHANGE\tFUNCTION"
	}
	err := term.Table(w, heading, table.Rows, func(r flame.Row) []string {
		flat, cum := flame.Percent(share(r.Flat, table.Total)), flame.Percent(share(r.Cum, table.Total))
		if o.Diff {
			flat, cum = flame.Change(r.Flat, r.FlatBase, o.Unit), flame.Change(r.Cum, r.CumBase, o.Unit)
		}
		return []string{flame.Format(r.Flat, o.Unit), flat, flame.Format(r.Cum, o.Unit), cum, r.Function}
	})
	return none(err, total, "function")
}

func share(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

func tableView(t *flame.Table, o *flame.Options) any {
	rows := []api.TopRow{}
	for _, r := range t.Rows {
		rows = append(rows, api.TopRow{Function: r.Function, Flat: r.Flat, Cum: r.Cum, FlatBase: r.FlatBase, CumBase: r.CumBase})
	}
	return struct {
		Sample    string       `json:"sample"`
		Unit      string       `json:"unit"`
		Total     float64      `json:"total"`
		TotalBase float64      `json:"total_base,omitempty"`
		Rows      []api.TopRow `json:"rows"`
	}{o.Title, o.Unit, t.Total, t.TotalBase, rows}
}
