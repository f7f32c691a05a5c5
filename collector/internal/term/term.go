// Package term prints for a terminal: tables, JSON, progress bars, and text that
// cannot control the terminal.
package term

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// JSON prints an object, indented.
func JSON(w io.Writer, v any) error { return encode(w, v, "  ") }

// JSONLine prints an object on one line.
func JSONLine(w io.Writer, v any) error { return encode(w, v, "") }

func encode(w io.Writer, v any, indent string) error {
	e := json.NewEncoder(w)
	e.SetIndent("", indent)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// Table prints rows below a heading, whose columns are separated by tabs. Cells
// are printed as by [Plain].
func Table[T any](w io.Writer, heading string, rows []T, cells func(T) []string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, heading)
	for _, row := range rows {
		var texts []string
		for _, cell := range cells(row) {
			texts = append(texts, Plain(cell))
		}
		fmt.Fprintln(t, strings.Join(texts, "\t"))
	}
	return t.Flush()
}

// Plain replaces the control characters of a text. Names and sentences come from
// senders and could hold escape sequences.
func Plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 {
			return '?'
		}
		return r
	}, text)
}
