package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/go-holmes/holmes/bench/internal/report"
)

// A bench has the programs that it compares, in a directory of its own.
type bench struct {
	root, dir string
	table     report.Table
	figures   figures
}

// The columns of the table.
const (
	colHolmes = iota
	colMosn
	colGopsutil
	colPyroscope
	columns
)

func newBench(ctx context.Context, root string) (b *bench, err error) {
	if root, err = filepath.Abs(root); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "holmes-bench-")
	if err != nil {
		return nil, err
	}
	b = &bench{root: root, dir: dir}
	b.table.Head = []string{"", "holmes", "mosn/holmes", "gopsutil's calls", "pyroscope-go"}
	progress("building")
	if err := errors.Join(
		b.goTool(ctx, filepath.Join(root, "bench"), "build", "-o", dir+string(filepath.Separator), "./subjects/..."),
		b.goTool(ctx, root, "test", "-c", "-o", b.rootTests(), "."),
	); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *bench) close() error { return os.RemoveAll(b.dir) }

// rootTests is the test binary of the root package, the only program that can run
// one tick of holmes.
func (b *bench) rootTests() string { return filepath.Join(b.dir, "root.test") }

func (b *bench) goTool(ctx context.Context, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", args[0], err, out)
	}
	return nil
}

// row adds a row. A column without a cell gets a dash.
func (b *bench) row(what string, cells map[int]string) {
	row := make([]string, columns)
	for i := range row {
		if row[i] = cells[i]; row[i] == "" {
			row[i] = "-"
		}
	}
	b.table.Add(append([]string{what}, row...)...)
}
