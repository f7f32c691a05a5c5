package report

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Benchmarks returns the file that has all measured tables.
func Benchmarks(root string) string { return filepath.Join(root, "docs", "benchmarks.md") }

// columns are those of the README's table.
func columns() []string {
	return []string{"holmes", "mosn/holmes", "gopsutil's calls", "pyroscope-go"}
}

// A pick is a row of the README's table.
type pick struct {
	name string
	from string // the beginning of the row's name in [Benchmarks]
}

func picks() []pick {
	return []pick{
		{"Added to a program with net/http", "Added to a program with net/http, stripped"},
		{"One reading of all signals", "One tick: time"},
		{"CPU of an idle hour", "CPU of an idle hour"},
		{"Memory of an idle service", "Memory of an idle service"},
		{"CPU fault to a profile that shows it", "Onset to the first whole profile that shows the fault, CPU"},
		{"Memory fault to a profile that shows it", "Onset to the first whole profile that shows the fault, memory"},
		{"Leak of 500 MB/s in 256 MiB: heap profile that shows it, before the kernel kills", "Heap profile with the leak on disk before the kernel kills, 500 MB/s"},
		{"False CPU captures a day of a calm service", "False captures a day: a reading a second, cpu"},
	}
}

// WriteReadme writes the README's table from the rows of [Benchmarks], without
// their ranges.
func WriteReadme(root string) error {
	raw, err := os.ReadFile(Benchmarks(root))
	if err != nil {
		return err
	}
	text, err := short(string(raw))
	if err != nil {
		return fmt.Errorf("%s: %w", Benchmarks(root), err)
	}
	return Replace(filepath.Join(root, "README.md"), "bench", text)
}

// short is the README's table with the line below it.
func short(benchmarks string) (string, error) {
	table := Table{Head: slices.Concat([]string{""}, columns())}
	spread := regexp.MustCompile(` \([\d.]+ to [\d.]+\)`)
	rows, err := parse(benchmarks), error(nil)
	for _, p := range picks() {
		i := slices.IndexFunc(rows, func(r map[string]string) bool { return strings.HasPrefix(r[""], p.from) })
		if i < 0 {
			err = errors.Join(err, fmt.Errorf("no row %q", p.from))
			continue
		}
		cells := []string{p.name}
		for _, column := range columns() {
			cell, ok := rows[i][column]
			if !ok {
				cell = "-"
			}
			cells = append(cells, spread.ReplaceAllString(cell, ""))
		}
		table.Add(cells...)
	}
	places := regexp.MustCompile("(?m)^.*go1.* (commit .*)$").FindAllStringSubmatch(benchmarks, -1)
	if len(places) != 2 {
		return "", errors.Join(err, fmt.Errorf("%d lines tell where the tables were measured, not 2", len(places)))
	}
	table.Remarks = []string{fmt.Sprintf("Medians. %s The last row: %s", places[0][0], places[1][1])}
	return table.Markdown(0), err
}

// parse returns the rows of all Markdown tables, by the heads of their columns.
func parse(markdown string) (rows []map[string]string) {
	var head []string
	for line := range strings.Lines(markdown) {
		line, isRow := strings.CutPrefix(strings.TrimSpace(line), "| ")
		if !isRow {
			head = nil
			continue
		}
		cells := strings.Split(strings.TrimSuffix(line, " |"), " | ")
		switch {
		case head == nil:
			head = cells
		case cells[0] == "---":
		case len(cells) == len(head):
			row := map[string]string{}
			for i, cell := range cells {
				row[strings.TrimSpace(head[i])] = strings.TrimSpace(cell)
			}
			rows = append(rows, row)
		}
	}
	return rows
}
