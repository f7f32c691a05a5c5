package main

import (
	"context"
	"errors"
	"time"

	"github.com/go-holmes/holmes"
)

// learn passes the calm phase, and takes the profiles in it that the faults
// are compared with.
func (d *demo) learn(ctx context.Context) error {
	type capture struct {
		event *holmes.Event
		err   error
	}
	taken := make(chan capture, 1)
	for range 3 { // until caches are filled
		if !d.tick(ctx) {
			return ctx.Err()
		}
	}
	go func() {
		e, err := d.holmes.CaptureNow(ctx)
		taken <- capture{e, err}
	}()
	for d.tick(ctx) && !d.settled() {
	}
	c := <-taken
	d.calm = c.event
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case c.err != nil:
		return c.err
	case d.patient.cores == 0:
		return errors.New("no reading of the CPU")
	}
	return nil
}

// settled reports whether holmes knows what is normal.
func (d *demo) settled() bool {
	s := d.holmes.Stats()
	for _, signal := range s.Signals {
		if signal.Signal == holmes.SignalCPU {
			d.patient.cores = signal.Limit
		}
	}
	return s.Ticks >= calmTicks
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
