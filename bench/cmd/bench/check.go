package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// maxCalls bounds the system calls of a tick: some more than now, for machines with
// more files of control groups. mayGrow is how many more than in the table are
// allowed.
const (
	maxCalls = 8
	mayGrow  = 0.5
)

// figuresFile is the file of the figures that check compares with.
func (b *bench) figuresFile() string { return filepath.Join(b.root, "bench", "bench.json") }

// figures are the results that do not depend on how busy the machine is.
type figures struct {
	SystemCalls float64 `json:"system_calls_of_a_tick"`
}

// keep writes the figures of this run.
func (b *bench) keep() error {
	if b.figures.SystemCalls == 0 {
		return nil // they could not be counted here
	}
	raw, err := json.MarshalIndent(b.figures, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(b.figuresFile(), append(raw, '\n'), 0o644) //nolint:gosec // a file of the repository
}

// check counts allocations and system calls, and fails above the bounds.
func (b *bench) check(ctx context.Context) error {
	t, err := b.holmesTick(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("one tick: %.0f allocations, at most 0\n", t.allocs)
	if t.allocs > 0 {
		err = fmt.Errorf("a tick allocates %.0f times", t.allocs)
	}
	n, countErr := calls(ctx, b.counted()[colHolmes])
	if countErr != nil {
		return errors.Join(err, countErr)
	}
	var said figures
	raw, readErr := os.ReadFile(b.figuresFile())
	if readErr = errors.Join(readErr, json.Unmarshal(raw, &said)); readErr != nil {
		return errors.Join(err, fmt.Errorf("%s: %w", b.figuresFile(), readErr))
	}
	most := min(maxCalls, said.SystemCalls+mayGrow)
	fmt.Printf("one tick: %.2f system calls, at most %.2f\n", n, most)
	if n > most || n < 1 {
		err = errors.Join(err, fmt.Errorf("a tick makes %.2f system calls: must be from 1 to %.2f", n, most))
	}
	return err
}
