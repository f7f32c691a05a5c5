package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/example/shop"
)

const demoEssay = `
holmes demo starts a collector, and beside it a service that has the library in it. After a calm while the service goes
wrong in three ways, one after the other: CPU, a leak, goroutines. Each event is told as it comes in, and at the end the
address of the pages. With -once it ends by itself, with status 0 if all three were captured, are stored at the collector
and name the guilty function.`

const (
	suffering = 70 * time.Second // a fault lasts at most
	onceLimit = 4 * time.Minute  // for all of it, with -once
)

// A demonstration is one run.
type demonstration struct {
	std        stdio
	once, json bool
	addr, data string
	remote     *remote
	patient    *patient
	told       map[string]bool // IDs of events
	events     []api.Event
}

func demo(ctx context.Context, std stdio, args []string) error {
	d := &demonstration{std: std, told: map[string]bool{}}
	s := newSettings("demo", demoEssay)
	s.flags.BoolVar(&d.once, "once", false, "end when all three are through")
	s.flags.StringVar(&d.addr, "addr", "127.0.0.1:0", "let the collector listen on `host:port`; port 0 is any that is free")
	s.flags.StringVar(&d.data, "data", "", "keep everything in this `directory`; the default is a new one that is removed at the end")
	s.flags.BoolVar(&d.json, "json", false, "print events as JSON, one a line")
	if err := s.parse(std, args); err != nil {
		return err
	}
	if d.once {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, onceLimit)
		defer cancel()
	}
	err := d.run(ctx)
	if ctx.Err() != nil && !d.once {
		return nil // somebody wanted the end
	}
	return err
}

// run sets the stage, plays, and clears it away.
func (d *demonstration) run(ctx context.Context) (err error) {
	if d.data == "" {
		if d.data, err = os.MkdirTemp("", "holmes-demo-"); err != nil {
			return fmt.Errorf("holmes demo: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(d.data)) }()
	}
	address, stop, err := d.collect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if d.remote, err = newRemote("http://"+address, ""); err != nil {
		return err
	}
	if d.patient, err = newPatient(ctx, d.std, "http://"+address, d.data); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.patient.stop()) }()
	return d.play(ctx)
}

// collect starts a collector, which serves until the returned function is called.
func (d *demonstration) collect(ctx context.Context) (address string, stop func() error, err error) {
	quiet := d.std
	quiet.env = func(string) (string, bool) { return "", false } // nothing that is meant for a real one
	c, err := readServeConfig(quiet, []string{"-addr", d.addr, "-data", d.data + "/collector"})
	if err != nil {
		return "", nil, err
	}
	c.logLevel = zapcore.WarnLevel
	ready := make(chan net.Addr, 1)
	c.ready = func(a net.Addr) { ready <- a }
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- c.serve(ctx, newLogger(d.std, c)) }()
	select {
	case a := <-ready:
		return a.String(), func() error { cancel(); return <-served }, nil
	case err := <-served:
		cancel()
		return "", nil, err
	}
}

func (d *demonstration) say(format string, args ...any) {
	if !d.json {
		fmt.Fprintf(d.std.out, format+"\n", args...)
	}
}

// play is the story.
func (d *demonstration) play(ctx context.Context) error {
	d.say("The collector is at http://%s/, the shop is process %d. All is calm, while holmes learns what is normal.", d.remote.base.Host, d.patient.pid())
	if err := d.wait(ctx, func() (bool, error) { return d.patient.said().Rounds > 0, nil }); err != nil {
		return err
	}
	var failed []error
	for _, f := range shop.Faults() {
		if err := d.suffer(ctx, f); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", f.Name, err))
			d.say("  %v", err)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d.say("\nLook at it: http://%s/", d.remote.base.Host)
	if !d.once {
		d.say("The shop and the collector go on until Ctrl-C.")
		return d.wait(ctx, func() (bool, error) { return false, d.news(ctx) })
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("holmes demo: %w", err)
	}
	d.say("All three were captured, are stored, and name the guilty function.")
	return nil
}

// suffer lets a fault last until its event is stored, and checks that.
func (d *demonstration) suffer(ctx context.Context, f shop.Fault) error {
	d.say("\n%s: %s. %s is guilty.", f.Name, f.Title, f.Guilty)
	if err := d.patient.suffer(f.Name); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, suffering)
	defer cancel()
	err := d.wait(limited, func() (bool, error) {
		err := d.news(limited)
		return d.eventOf(f) != nil, err
	})
	why := d.patient.said().Why[f.Signal]
	if cured := d.patient.suffer(""); cured != nil {
		return cured
	}
	if e := d.eventOf(f); e != nil {
		return d.check(ctx, f, e)
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return fmt.Errorf("no %s event has come in %v; holmes says: %s", f.Signal, suffering, why)
	}
	return err
}

// check returns what is wrong with an event: it has to name the guilty function,
// and all its profiles have to be at the collector.
func (d *demonstration) check(ctx context.Context, f shop.Fault, e *api.Event) error {
	switch {
	case e.State != "confirmed":
		return fmt.Errorf("the event is %s", e.State)
	case !e.Confident:
		return fmt.Errorf("nobody is named: %s", plain(e.Sentence))
	case len(e.Culprits) == 0 || e.Culprits[0] != f.Guilty:
		return fmt.Errorf("the event blames %q", e.Culprits)
	case !slices.ContainsFunc(e.Profiles, func(p api.Profile) bool { return p.Type.Pprof() }):
		return errors.New("the event has no profile")
	}
	for _, p := range e.Profiles {
		if !p.Type.Pprof() {
			continue
		}
		if _, err := readProfile(d.remote.file(ctx, e.ID, p.File)); err != nil {
			return fmt.Errorf("%s: %w", p.File, err)
		}
	}
	return nil
}

// eventOf returns the event of a fault, and nil if none has come in.
func (d *demonstration) eventOf(f shop.Fault) *api.Event {
	for i := range d.events {
		if d.events[i].Signal == f.Signal {
			return &d.events[i]
		}
	}
	return nil
}

// news tells what has come in since the last look, the oldest first.
func (d *demonstration) news(ctx context.Context) error {
	events, err := d.remote.events(ctx, collector.EventQuery{})
	if err != nil {
		return err
	}
	for _, e := range slices.Backward(events) {
		if d.told[e.ID] {
			continue
		}
		d.told[e.ID] = true
		d.events = append(d.events, e)
		d.say("  %s\n  http://%s/events/%s", plain(e.Sentence), d.remote.base.Host, e.ID)
		if d.json {
			if err := printLine(d.std.out, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// wait asks every second, until it is so, or fails, or ctx ends.
func (d *demonstration) wait(ctx context.Context, so func() (bool, error)) error {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		done, err := so()
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-d.patient.died:
			return err
		case <-second.C:
		}
	}
}
