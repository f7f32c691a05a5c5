// Package bed runs a scenario: the shop with holmes in a process of its own, a fault,
// and the judgement of the events on disk.
package bed

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-holmes/holmes"

	"github.com/go-holmes/holmes/bench/scenario"
	"github.com/go-holmes/holmes/bench/scenario/faults"
	"github.com/go-holmes/holmes/bench/scenario/outside"
	"github.com/go-holmes/holmes/bench/scenario/shop"
)

// Env holds the plan of a child in JSON: a program that uses this package calls
// [Child] first.
const Env = "HOLMES_SCENARIO"

// Plan is the task of a child.
type Plan struct {
	Scenario string `json:"scenario"`
	// Dir is where the dump path and other files are made.
	Dir string `json:"dir"`
	// Calm is the time from the start of holmes to the fault, which also waits for
	// the first baseline.
	Calm time.Duration `json:"calm"`
	// Pace is that of the shop, if the scenario has none.
	Pace float64 `json:"pace,omitempty"`
	// Patience is how long to wait for the event, or how long a control lasts, 0 for
	// the default.
	Patience time.Duration `json:"patience,omitempty"`
	// Inside keeps clients, database and partner in the same process.
	Inside bool `json:"inside,omitempty"`
}

// The files and folders in a plan's directory.
const (
	dumpFolder = "dump"
	notesFile  = "notes.json"
)

// notes has facts that the events lack.
type notes struct {
	FaultAt time.Time `json:"fault_at"`
	// Rounds is the number of baselines at that time.
	Rounds uint64 `json:"rounds"`
}

const (
	// settling is how long the shop is open before holmes starts.
	settling = 3 * time.Second
	// patience is how long to wait for an event, and watched how long a control
	// lasts.
	patience = 20 * time.Second
	watched  = 20 * time.Second
	// baselineTime is how long to wait for a baseline, which is not taken while a
	// signal is suspicious.
	baselineTime = time.Minute
	// rise is the factor of the load with a fault.
	rise = 1.2
)

// Child runs the plan in the environment. It reports whether there was one, or
// this process is a child's [outside.World].
func Child() (is bool, err error) {
	if is, err := outside.Child(os.Stdin, os.Stdout); is {
		return true, err
	}
	text := os.Getenv(Env)
	if text == "" {
		return false, nil
	}
	var p Plan
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return true, fmt.Errorf("%s: %w", Env, err)
	}
	return true, p.run(context.Background())
}

// run runs the plan in this process.
func (p Plan) run(ctx context.Context) (err error) {
	s, ok := faults.Find(p.Scenario)
	if !ok {
		return fmt.Errorf("there is no scenario %q", p.Scenario)
	}
	w, err := p.world(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	sh, err := shop.Open(shop.Config{World: w, Dir: p.Dir, Pace: cmp.Or(s.Pace, p.Pace)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sh.Close()) }()
	if s.Open != nil {
		if err := s.Open(sh); err != nil {
			return err
		}
	}
	return p.watch(ctx, s, sh)
}

func (p Plan) world(ctx context.Context) (outside.World, error) {
	if p.Inside {
		return outside.NewLocal()
	}
	return outside.Spawn(ctx, Env+"=")
}

// watch runs holmes in the shop, and the fault.
func (p Plan) watch(ctx context.Context, s scenario.Scenario, sh *shop.Shop) (err error) {
	shop.Pause(ctx, settling)
	events := make(eventReporter, 100)
	h, err := holmes.New(append(thresholds(), holmes.WithDumpPath(filepath.Join(p.Dir, dumpFolder)),
		holmes.WithReporter(events), holmes.WithLogger(nil))...)
	if err != nil {
		return err
	}
	if err := h.Start(); err != nil {
		return err
	}
	defer func() {
		end, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		err = errors.Join(err, h.Shutdown(end))
	}()
	shop.Pause(ctx, p.Calm)
	for range baselineTime / time.Second {
		if h.Stats().Baseline.Rounds > 0 {
			break
		}
		shop.Pause(ctx, time.Second)
	}
	n := notes{FaultAt: time.Now(), Rounds: h.Stats().Baseline.Rounds}
	if err := p.write(n); err != nil {
		return err
	}
	if err := s.Fault(sh); err != nil {
		return err
	}
	if s.Control() {
		shop.Pause(ctx, cmp.Or(p.Patience, watched))
		_, err := h.CaptureNow(ctx)
		return err
	}
	if err := sh.World.Rise(rise); err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, cmp.Or(p.Patience, s.Patience, patience))
	defer cancel()
	events.wait(waiting, s, n.FaultAt)
	return nil
}

func (p Plan) write(n notes) error {
	raw, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(p.Dir, notesFile), raw, 0o600)
}

// An eventReporter is the reporter of a child: it gets every event on disk.
type eventReporter chan *holmes.Event

// Report implements [holmes.Reporter].
func (m eventReporter) Report(ctx context.Context, e *holmes.Event) error {
	select {
	case m <- e:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wait waits for an event that may be of the fault.
func (m eventReporter) wait(ctx context.Context, s scenario.Scenario, since time.Time) {
	for {
		select {
		case e := <-m:
			if matches(e, s, since) {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// matches reports whether an event may be of the fault.
func matches(e *holmes.Event, s scenario.Scenario, since time.Time) bool {
	return e.State == holmes.StateConfirmed && !e.At.Before(since) && slices.Contains(s.Signals, e.Trigger.Sample.Signal)
}
