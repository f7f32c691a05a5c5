package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-holmes/holmes/bench/internal/report"
)

// Bounds for the reported half.
const (
	maxFalse = 3   // CPU captures a day
	minLeaks = 0.9 // slow leaks found
)

const atEqual = ", mosn/holmes at equal rate"

// behind says where mosn/holmes finds more at an equal rate of false captures.
func (t *trial) behind() string {
	var rows []string
	for _, name := range slices.Sorted(maps.Keys(t.figures)) {
		what, is := strings.CutSuffix(name, atEqual)
		if mine := t.figures[what]; is && t.figures[name] > mine {
			what = strings.TrimPrefix(what, "found: ")
			rows = append(rows, fmt.Sprintf("%s (%.0f %% against %.0f %%)", what, mine*100, t.figures[name]*100))
		}
	}
	if rows == nil {
		return "At an equal rate of false captures, mosn/holmes's rule finds more in no row, although its parameters are chosen on these very series."
	}
	return "At an equal rate of false captures, mosn/holmes's rule, whose parameters are chosen on these very series, finds more in these rows: " + strings.Join(rows, ", ") + "."
}

// bounds returns which of the bounds do not hold.
func (t *trial) bounds() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(t.figures)) {
		v := t.figures[name]
		switch {
		case strings.HasPrefix(name, "false a day: ") && strings.Contains(strings.ToLower(name), "cpu") && v > maxFalse:
			errs = append(errs, fmt.Errorf("%s: %.2f, more than %d", name, v, maxFalse))
		case strings.HasPrefix(name, "found: "+leak) && !strings.HasSuffix(name, atEqual) && v < minLeaks:
			errs = append(errs, fmt.Errorf("%s: %.0f %%, less than %.0f %%", name, v*100, minLeaks*100))
		case strings.HasPrefix(name, "faults hit: ") && strings.HasSuffix(name, atEqual):
			if mine := t.figures[strings.TrimSuffix(name, atEqual)]; v > mine {
				errs = append(errs, fmt.Errorf("%s: %v, more than holmes's %v", name, v, mine))
			}
		}
	}
	return errors.Join(errs...)
}

// write writes the tables and the figures.
func (t *trial) write(root, text string) error {
	if t.half != "reported" {
		return errors.New("-write is for the reported half")
	}
	raw, err := json.MarshalIndent(t.figures, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(figuresFile(root), append(raw, '\n'), 0o644), //nolint:gosec // a file of the repository
		report.Replace(report.Benchmarks(root), "detect", text),
		report.WriteReadme(root),
	)
}

func figuresFile(root string) string { return filepath.Join(root, "bench", "detect.json") }

// check fails if holmes has more false captures, or misses more faults, than the
// table says.
func (t *trial) check(root string) error {
	raw, err := os.ReadFile(figuresFile(root))
	if err != nil {
		return err
	}
	var said figures
	if err := json.Unmarshal(raw, &said); err != nil {
		return fmt.Errorf("%s: %w", figuresFile(root), err)
	}
	t.all()
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(t.figures)) {
		now := t.figures[name]
		before, known := said[name]
		fmt.Printf("%-70s %8.2f, the table says %.2f\n", name, now, before)
		worse := now < before
		if strings.HasPrefix(name, "false") {
			worse = now > before
		}
		if worse || !known {
			errs = append(errs, fmt.Errorf("%s: %.4f, the table says %.4f (make bench-detect)", name, now, before))
		}
	}
	return errors.Join(errs...)
}
