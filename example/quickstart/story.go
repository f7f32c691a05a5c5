package main

import (
	"context"
	"errors"
	"time"

	"github.com/go-holmes/holmes"
)

// learn passes the calm phase, until holmes knows what is normal.
func (d *demo) learn(ctx context.Context) error {
	for d.tick(ctx) && d.holmes.Stats().Baseline.Rounds == 0 {
	}
	for _, signal := range d.holmes.Stats().Signals {
		if signal.Signal == holmes.SignalCPU {
			d.patient.cores = signal.Limit
		}
	}
	if d.patient.cores == 0 && ctx.Err() == nil {
		return errors.New("no reading of the CPU")
	}
	return ctx.Err()
}

// suffer switches a fault on until its event has arrived, for at most patience.
func (d *demo) suffer(ctx context.Context, f fault) {
	d.say("fault %s begins; %s is guilty", f.name, f.guilty)
	ill, cure := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.cause(ill, d.patient)
	}()
	for until := time.Now().Add(patience); d.event(f) == nil && time.Now().Before(until); {
		if !d.tick(ctx) {
			break
		}
	}
	cure()
	<-ended
	d.say("fault %s ends", f.name)
	for range 2 { // so that the figures fall before the next one
		d.tick(ctx)
	}
}

// event returns what has arrived about a fault, and nil if nothing has.
func (d *demo) event(f fault) *holmes.Event {
	for _, e := range d.arrived {
		if e.Trigger.Sample.Signal == f.signal && e.Trigger.Reason.Code != holmes.CodeManual {
			return e
		}
	}
	return nil
}
