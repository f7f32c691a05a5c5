// Package report writes measured tables as Markdown, into files.
package report

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/go-holmes/holmes/internal/environment"
)

// A Table is a Markdown table under a headline.
type Table struct {
	Title   string
	Head    []string
	Rows    [][]string
	Remarks []string // below it
}

// Add adds a row.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// Markdown returns the table with its headline at a level, and without it at
// level 0.
func (t *Table) Markdown(level int) string {
	var b strings.Builder
	if level > 0 {
		fmt.Fprintf(&b, "%s %s\n\n", strings.Repeat("#", level), t.Title)
	}
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(t.Head)
	fmt.Fprintf(&b, "|%s\n", strings.Repeat(" --- |", len(t.Head)))
	for _, r := range t.Rows {
		line(r)
	}
	for _, r := range t.Remarks {
		fmt.Fprintf(&b, "\n%s\n", r)
	}
	return b.String()
}

// Place returns the machine, toolchain and commit of a measurement.
func Place(ctx context.Context, root string) string {
	return fmt.Sprintf("%s %s/%s, %d cores (%s), %s, commit %s", runtime.Version(), runtime.GOOS, runtime.GOARCH,
		runtime.NumCPU(), processor(), environment.Kernel(), environment.Commit(ctx, root))
}

func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo") // only for the line below the table
	for line := range strings.Lines(string(info)) {
		if name, is := strings.CutPrefix(line, "model name"); is {
			return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
		}
	}
	return "processor unknown"
}

// Replace puts text between the markers of a name in a file: <!-- name --> and
// <!-- /name -->, each a line of its own.
func Replace(path, name, text string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := []byte("<!-- "+name+" -->\n"), []byte("<!-- /"+name+" -->\n")
	before, rest, ok := bytes.Cut(raw, begin)
	if !ok {
		return fmt.Errorf("%s has no marker <!-- %s -->", path, name)
	}
	_, after, ok := bytes.Cut(rest, end)
	if !ok {
		return fmt.Errorf("%s has no marker <!-- /%s -->", path, name)
	}
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	out := bytes.Join([][]byte{before, begin, []byte(text), end, after}, nil)
	return os.WriteFile(path, out, 0o644) //nolint:gosec // a file of the repository
}
