package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters"
)

// A receiver is a reporter with a name for log lines.
type receiver interface {
	holmes.Reporter
	Name() string
}

// open returns the receiver of a kind.
func open(kind, where, tenant string, opts []reporters.HTTPOption) (receiver, error) {
	switch kind {
	case "file":
		return reporters.NewFile(where)
	case "collector":
		return reporters.NewCollector(where, opts...)
	case "http":
		return reporters.NewHTTP(where, opts...)
	case "profefe":
		return reporters.NewProfefe(where, opts...)
	case "pyroscope":
		if tenant != "" {
			opts = append(slices.Clip(opts), reporters.WithTenant(tenant))
		}
		return reporters.NewPyroscope(where, opts...)
	default:
		kinds := []string{"file", "collector", "http", "profefe", "pyroscope"}
		return nil, fmt.Errorf("is not known, want one of %s", strings.Join(kinds, ", "))
	}
}

// push sends the event to all receivers at the same time, and reports whether all have
// it.
func push(ctx context.Context, to []receiver, e *holmes.Event, log *zap.SugaredLogger) bool {
	var all sync.WaitGroup
	var failed atomic.Bool
	for _, r := range to {
		all.Go(func() {
			if err := retry(ctx, r, e, log); err != nil {
				failed.Store(true)
				log.Errorf("%s does not have event %s: %v", r.Name(), e.ID, err)
				return
			}
			log.Infof("%s has event %s", r.Name(), e.ID)
		})
	}
	all.Wait()
	return !failed.Load()
}

// retry tries until the receiver has the event, refuses it, or the time is over. A refusal
// that a change of a configuration would end does not end while this program runs. It pauses as holmes does: at least as long as the receiver asks, with a growing
// random back-off.
func retry(ctx context.Context, r receiver, e *holmes.Event, log *zap.SugaredLogger) error {
	for longest := time.Second; ; longest = min(2*longest, time.Minute) {
		own := *e // a reporter may change its event
		own.Profiles = append([]holmes.Profile(nil), e.Profiles...)
		err := r.Report(ctx, &own)
		var refused interface{ Mendable() bool }
		if err == nil || holmes.IsPermanent(err) || ctx.Err() != nil || errors.As(err, &refused) && refused.Mendable() {
			return err
		}
		pause := rand.N(longest) + time.Millisecond
		var told interface{ RetryAfter() time.Duration }
		if errors.As(err, &told) {
			pause = max(pause, told.RetryAfter())
		}
		if end, ok := ctx.Deadline(); ok && time.Until(end) < pause {
			return fmt.Errorf("no time is left for another try: %w", err)
		}
		log.Warnf("%s, tried again in %v: %v", r.Name(), pause.Round(time.Millisecond), err)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}
