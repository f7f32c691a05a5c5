// Package demo is holmes demo: a collector, and beside it the shop with holmes in
// a process of its own, into which faults are injected one after the other.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-holmes/holmes/example/shop"
	"go.uber.org/zap/zapcore"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/internal/serve"
	"github.com/go-holmes/holmes/collector/internal/source"
	"github.com/go-holmes/holmes/collector/internal/term"
)

const (
	faultLimit = 70 * time.Second // for a fault and its event
	onceLimit  = 4 * time.Minute  // for all of it, with Once
)

// A Config says how a demo runs.
type Config struct {
	Once     bool   // end after the last fault; an error says what was not found
	JSON     bool   // print events as JSON, one a line, and nothing else
	Addr     string // of the collector
	Data     string // directory of everything; "" is a new one that is removed at the end
	Version  api.Version
	Out, Err io.Writer
}

// Run runs the demo until ctx ends, or until its end with [Config.Once].
func Run(ctx context.Context, c Config) error {
	d := &demo{Config: c, reported: map[string]bool{}}
	if d.Once {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, onceLimit)
		defer cancel()
	}
	err := d.run(ctx)
	if ctx.Err() != nil && !d.Once {
		return nil // it was interrupted, as it is to end
	}
	return err
}

// A demo is one run.
type demo struct {
	Config
	remote   *source.Remote
	target   *target
	reported map[string]bool // IDs of events
	events   []api.Event
}

// run starts everything, runs the demo, and stops and removes everything.
func (d *demo) run(ctx context.Context) (err error) {
	if d.Data == "" {
		if d.Data, err = os.MkdirTemp("", "holmes-demo-"); err != nil {
			return fmt.Errorf("holmes demo: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(d.Data)) }()
	}
	address, stop, err := d.collect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if d.remote, err = source.NewRemote("http://"+address, "", false); err != nil {
		return err
	}
	if d.target, err = startTarget(ctx, d.Err, "http://"+address, filepath.Join(d.Data, "evidence")); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.target.stop()) }()
	return d.play(ctx)
}

// collect starts a collector, which serves until the returned function is called.
func (d *demo) collect(ctx context.Context) (address string, stop func() error, err error) {
	c, ready := serve.Default(), make(chan net.Addr, 1)
	c.Addr, c.Data, c.Version = d.Addr, filepath.Join(d.Data, "collector"), d.Version
	c.Watch = false // the shop's events alone
	c.Ready = func(a net.Addr) { ready <- a }
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- c.Run(ctx, serve.NewLogger(d.Err, false, zapcore.WarnLevel)) }()
	select {
	case a := <-ready:
		return a.String(), func() error { cancel(); return <-served }, nil
	case err := <-served:
		cancel()
		return "", nil, err
	}
}

func (d *demo) say(format string, args ...any) {
	if !d.JSON {
		fmt.Fprintf(d.Out, format+"\n", args...)
	}
}

// play is the calm phase, the faults, and the result.
func (d *demo) play(ctx context.Context) error {
	d.say("The collector is at %s, the shop is process %d. All is calm, while holmes learns what is normal.", d.remote.URL(), d.target.pid())
	if err := d.wait(ctx, func() (bool, error) { return d.target.status().Rounds > 0, nil }); err != nil {
		return err
	}
	var failed []error
	for _, f := range shop.Faults() {
		if err := d.inject(ctx, f); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", f.Name, err))
			d.say("  %v", err)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d.say("\nLook at it: %s", d.remote.URL())
	if !d.Once {
		d.say("The shop and the collector go on until Ctrl-C.")
		return d.wait(ctx, func() (bool, error) { return false, d.news(ctx) })
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("holmes demo: %w", err)
	}
	d.say("All three were captured, are stored, and name the guilty function.")
	return nil
}

// inject keeps a fault on until its event is stored, and checks the event.
func (d *demo) inject(ctx context.Context, f shop.Fault) error {
	d.say("\n%s: %s. %s is guilty.", f.Name, f.Title, f.Guilty)
	if err := d.target.inject(f.Name); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, faultLimit)
	defer cancel()
	err := d.wait(limited, func() (bool, error) {
		err := d.news(limited)
		return d.eventOf(f) != nil, err
	})
	why := d.target.status().Why[f.Signal]
	if ended := d.target.inject(""); ended != nil {
		return ended
	}
	if e := d.eventOf(f); e != nil {
		return d.check(ctx, f, e)
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return fmt.Errorf("no %s event has come in %v; holmes says: %s", f.Signal, faultLimit, why)
	}
	return err
}

// check returns an error unless the event names the guilty function and the
// collector has all its profiles.
func (d *demo) check(ctx context.Context, f shop.Fault, e *api.Event) error {
	switch {
	case e.State != "confirmed":
		return fmt.Errorf("the event is %s", e.State)
	case !e.Confident:
		return fmt.Errorf("no culprit is named: %s", term.Plain(e.Sentence))
	case len(e.Culprits) == 0 || e.Culprits[0] != f.Guilty:
		return fmt.Errorf("the event names %q", e.Culprits)
	case !slices.ContainsFunc(e.Profiles, func(p api.Profile) bool { return p.Type.Pprof() }):
		return errors.New("the event has no profile")
	}
	for _, p := range e.Profiles {
		if !p.Type.Pprof() {
			continue
		}
		r, err := d.remote.File(ctx, e.ID, p.File)
		if _, err := source.Decode(p.File, r, err); err != nil {
			return fmt.Errorf("%s: %w", p.File, err)
		}
	}
	return nil
}

// eventOf returns the event of a fault, or nil.
func (d *demo) eventOf(f shop.Fault) *api.Event {
	for i := range d.events {
		if d.events[i].Signal == f.Signal {
			return &d.events[i]
		}
	}
	return nil
}

// news prints the events that were stored since the last call, the oldest first.
func (d *demo) news(ctx context.Context) error {
	events, err := d.remote.Events(ctx, collector.EventQuery{})
	if err != nil {
		return err
	}
	for _, e := range slices.Backward(events) {
		if d.reported[e.ID] {
			continue
		}
		d.reported[e.ID] = true
		d.events = append(d.events, e)
		d.say("  %s\n  %s", term.Plain(e.Sentence), d.remote.URL("events", e.ID))
		if d.JSON {
			if err := term.JSONLine(d.Out, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// wait calls a condition every second, until it holds, or fails, or ctx ends.
func (d *demo) wait(ctx context.Context, condition func() (bool, error)) error {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		done, err := condition()
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-d.target.died:
			return err
		case <-second.C:
		}
	}
}
