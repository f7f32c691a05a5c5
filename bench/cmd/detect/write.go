package main

import (
	"context"
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

// What must hold on the reported half.
const (
	maxFalse = 3   // CPU captures a day
	minLeaks = 0.9 // slow leaks found
)

// bounds returns which of the bounds do not hold.
func (t *trial) bounds() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(t.figures)) {
		v := t.figures[name]
		switch {
		case strings.HasPrefix(name, "false a day: ") && strings.Contains(strings.ToLower(name), "cpu") && v > maxFalse:
			errs = append(errs, fmt.Errorf("%s: %.2f, more than %d", name, v, maxFalse))
		case strings.HasPrefix(name, "found: "+leak) && !strings.Contains(name, "mosn") && v < minLeaks:
			errs = append(errs, fmt.Errorf("%s: %.0f %%, less than %.0f %%", name, v*100, minLeaks*100))
		case strings.HasSuffix(name, ", mosn/holmes at equal rate"):
			mine := t.figures[strings.TrimSuffix(name, ", mosn/holmes at equal rate")]
			if v > mine {
				errs = append(errs, fmt.Errorf("%s: %v, more than holmes's %v", name, v, mine))
			}
		}
	}
	return errors.Join(errs...)
}

// write puts the tables and the figures where they belong.
func (t *trial) write(root, text, place string) error {
	if t.half != "reported" {
		return errors.New("-write is for the reported half")
	}
	raw, err := json.MarshalIndent(t.figures, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(figuresFile(root), append(raw, '\n'), 0o644), //nolint:gosec // a file of the repository
		report.Replace(filepath.Join(root, "bench", "results.md"), "detect", text),
		report.Replace(filepath.Join(root, "README.md"), "detect", t.brief.table().Markdown(0)+"\n"+place),
	)
}

func figuresFile(root string) string { return filepath.Join(root, "bench", "detect.json") }

// check fails if holmes cries wolf more often than the table says.
func (t *trial) check(ctx context.Context, root string) error {
	raw, err := os.ReadFile(figuresFile(root))
	if err != nil {
		return err
	}
	var said figures
	if err := json.Unmarshal(raw, &said); err != nil {
		return fmt.Errorf("%s: %w", figuresFile(root), err)
	}
	if _, err := t.all(ctx); err != nil {
		return err
	}
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
