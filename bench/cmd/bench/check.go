package main

import (
	"context"
	"errors"
	"fmt"
)

// maxCalls are the system calls of one tick: 4.06 without control groups, and
// those of a group's files where there are some.
const maxCalls = 8

// check counts what does not depend on the machine, and fails above the bounds.
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
	fmt.Printf("one tick: %.2f system calls, at most %d\n", n, maxCalls)
	if n > maxCalls || n < 1 {
		err = errors.Join(err, fmt.Errorf("a tick makes %.2f system calls: must be from 1 to %d", n, maxCalls))
	}
	return err
}
