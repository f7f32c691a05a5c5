package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// An act is one subject on the timeline: warm when something happens to it.
type act struct {
	v    variant
	at   time.Time     // of what happens
	lead time.Duration // more than it needs to be warm, so that its readings fall elsewhere
	last time.Duration // it is dead so long after
	args []string
	do   func(ctx context.Context, p *process) error
}

// play runs acts at their times, each subject in a process of its own. What
// fails is returned when all have ended, by the number of the act.
func (b *bench) play(ctx context.Context, acts []act) []error {
	errs := make([]error, len(acts))
	var all sync.WaitGroup
	for i, a := range acts {
		all.Go(func() {
			if err := b.perform(ctx, a); err != nil {
				errs[i] = fmt.Errorf("%s %s: %w", a.v.exe, a.v.interval, err)
				progress("%v", errs[i])
			}
		})
	}
	all.Wait()
	return errs
}

func (b *bench) perform(ctx context.Context, a act) error {
	begin := a.at.Add(-a.v.warm - a.lead)
	if err := after(ctx, begin); err != nil {
		return err
	}
	p, err := b.start(ctx, a.v, a.at.Sub(begin)+a.last, a.args...)
	if err != nil {
		return err
	}
	defer p.end()
	if err := after(ctx, a.at); err != nil {
		return err
	}
	return a.do(ctx, p)
}
