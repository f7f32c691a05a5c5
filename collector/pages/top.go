package pages

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/go-holmes/holmes/collector/flame"
)

// mostRows bounds the functions of a table.
const mostRows = 500

// A rowView is a function in a table.
type rowView struct {
	Function, Origin      string
	Flat, FlatShare       string
	Cum, CumShare         string
	FlatChange, CumChange string
	Grown, Shrunk         bool
	FocusURL              string
	FlatNumber, CumNumber float64 // to sort by
}

// top is the page with the table of functions.
func (p *Pages) top(w http.ResponseWriter, r *http.Request) error {
	d, err := p.drawn(r)
	if err != nil {
		return err
	}
	table := flame.Top(d.Stacks(), d.options(p.config.Module))
	v := p.page(d, "/top")
	v.Total, v.TotalBase = flame.Format(table.Total, d.Unit), flame.Format(table.TotalBase, d.Unit)
	wanted := strings.ToLower(d.req.Search)
	for i := range table.Rows {
		row := &table.Rows[i]
		if !strings.Contains(strings.ToLower(row.Function), wanted) {
			continue
		}
		if len(v.Rows) == mostRows {
			v.MoreRows++
			continue
		}
		v.Rows = append(v.Rows, d.row(row, table))
	}
	title := "Functions"
	if d.req.Diff {
		title = "Difference of functions"
	}
	return p.render(w, http.StatusOK, "top", frame{Title: title, Here: "profiles", Body: v})
}

func (d *drawing) row(row *flame.Row, table *flame.Table) rowView {
	v := rowView{
		Function: row.Function, Origin: string(row.Origin),
		Flat: flame.Format(row.Flat, d.Unit), FlatShare: flame.Percent(table.Share(row.Flat)),
		Cum: flame.Format(row.Cum, d.Unit), CumShare: flame.Percent(table.Share(row.Cum)),
		FlatNumber: row.Flat, CumNumber: row.Cum, FocusURL: d.req.url("/flame", "focus", row.Function, "search", ""),
	}
	if d.before != nil {
		v.FlatChange = flame.Change(row.Flat, row.FlatBase, d.Unit)
		v.CumChange = flame.Change(row.Cum, row.CumBase, d.Unit)
		v.Grown, v.Shrunk = row.Flat > row.FlatBase, row.Flat < row.FlatBase
		v.FlatNumber, v.CumNumber = row.Flat-row.FlatBase, row.Cum-row.CumBase
	}
	return v
}

func sortPairs(pairs [][2]string) {
	slices.SortFunc(pairs, func(a, b [2]string) int { return cmp.Or(strings.Compare(a[0], b[0]), strings.Compare(a[1], b[1])) })
}
