package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// A step is one subject on the timeline, which is warm when its fault begins.
type step struct {
	v    variant
	at   time.Time     // of the fault
	lead time.Duration // extra time to get warm, so that the fault falls between other readings
	last time.Duration // from the fault to the deadline
	args []string
	do   func(ctx context.Context, p *process) error
}

// runAll runs steps at their times, each subject in a process of its own. It returns
// the error of each step when all have ended.
func (b *bench) runAll(ctx context.Context, steps []step) []error {
	errs := make([]error, len(steps))
	var all sync.WaitGroup
	for i, a := range steps {
		all.Go(func() {
			if err := b.runStep(ctx, a); err != nil {
				errs[i] = fmt.Errorf("%s %s: %w", a.v.exe, a.v.interval, err)
				progress("%v", errs[i])
			}
		})
	}
	all.Wait()
	return errs
}

func (b *bench) runStep(ctx context.Context, a step) error {
	begin := a.at.Add(-a.v.warm - a.lead)
	if err := waitUntil(ctx, begin); err != nil {
		return err
	}
	p, err := b.start(ctx, a.v, a.at.Sub(begin)+a.last, a.args...)
	if err != nil {
		return err
	}
	defer p.end()
	if err := waitUntil(ctx, a.at); err != nil {
		return err
	}
	return a.do(ctx, p)
}
