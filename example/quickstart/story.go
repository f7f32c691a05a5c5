package main

import (
	"context"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/example/shop"
)

// learn passes the calm phase, until holmes knows what is normal.
func (d *demo) learn(ctx context.Context) error {
	for d.tick(ctx) && d.holmes.Stats().Baseline.Rounds == 0 {
	}
	return ctx.Err()
}

// inject keeps a fault on until its event has arrived, for at most faultLimit.
func (d *demo) inject(ctx context.Context, f shop.Fault) error {
	d.say("fault %s begins; %s is guilty", f.Name, f.Guilty)
	if err := d.shop.Inject(f.Name); err != nil {
		return err
	}
	for until := time.Now().Add(faultLimit); d.event(f) == nil && time.Now().Before(until); {
		if !d.tick(ctx) {
			break
		}
	}
	if err := d.shop.Inject(""); err != nil {
		return err
	}
	d.say("fault %s ends", f.Name)
	for range 2 { // so that the figures fall before the next one
		d.tick(ctx)
	}
	return nil
}

// event returns the event of a fault, or nil.
func (d *demo) event(f shop.Fault) *holmes.Event {
	for _, e := range d.arrived {
		if e.Trigger.Sample.Signal == holmes.Signal(f.Signal) && e.Trigger.Reason.Code != holmes.CodeManual {
			return e
		}
	}
	return nil
}
