package main

import "github.com/go-holmes/holmes/bench/internal/report"

// A role is a column of the short table; most rules have one.
type role int

const (
	aside     role = iota // in the long tables only
	ourselves             // the default rule of holmes
	classic               // mosn/holmes with its defaults
	equal                 // mosn/holmes at no more false captures than holmes
	autopprof             // with its defaults
	roles
)

// A brief is the short table: a line for each series and fault.
type brief struct {
	names []string
	cells map[string]*[roles]string
}

// note adds a cell.
func (b *brief) note(row string, c contestant, cell string) {
	if b.cells == nil {
		b.cells = map[string]*[roles]string{}
	}
	if b.cells[row] == nil {
		b.names = append(b.names, row)
		b.cells[row] = &[roles]string{}
	}
	b.cells[row][c.role] = cell
}

func (b *brief) table() *report.Table {
	t := &report.Table{Head: []string{"", "holmes", "mosn/holmes", "the same at holmes's rate of false captures, at best", "autopprof's rule"}}
	for _, name := range b.names {
		row := []string{name}
		for _, cell := range b.cells[name][ourselves:] {
			if cell == "" {
				cell = "-"
			}
			row = append(row, cell)
		}
		t.Add(row...)
	}
	return t
}
