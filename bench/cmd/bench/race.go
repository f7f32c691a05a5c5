package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/go-holmes/holmes/internal/realgroup"

	"github.com/go-holmes/holmes/bench/internal/subject"
)

// rates are the leaks in bytes a second.
func rates() []int { return []int{100e6, 500e6} }

func raceKey(rate int) string { return "race " + strconv.Itoa(rate) }

// races returns the steps that end with the kernel's out-of-memory killer, two at a
// time, and a function that removes their control groups. Without a memory
// controller there are none.
func (b *bench) races(r *results, at time.Time, runs int) (steps []step, cleanUp func() error, err error) {
	cleanUp = func() error { return nil }
	memory, err := realgroup.Find("memory")
	if errors.Is(err, realgroup.ErrNone) {
		progress("%v", err)
		return nil, cleanUp, nil
	}
	if err != nil {
		return nil, cleanUp, err
	}
	var groups []string
	cleanUp = func() (err error) {
		for _, g := range groups {
			err = errors.Join(err, realgroup.Remove(g))
		}
		return err
	}
	for range runs {
		for _, rate := range rates() {
			for _, v := range variants() {
				group, err := memory.Make()
				if err != nil {
					return nil, cleanUp, errors.Join(err, cleanUp())
				}
				groups = append(groups, group)
				if err := memory.LimitMemory(group, limit); err != nil {
					return nil, cleanUp, errors.Join(err, cleanUp())
				}
				steps = append(steps, r.race(v, at, rate, group))
				at = at.Add(raceTime / 2)
			}
		}
	}
	return steps, cleanUp, nil
}

// race leaks until the kernel kills the subject, and reads the profiles on disk then.
// mosn/holmes is told its limit, which it does not find on all systems.
func (r *results) race(v variant, at time.Time, rate int, group string) step {
	args := []string{"-groups=" + group, "-normal=" + strconv.Itoa(normal)}
	if v.exe == "mosn" {
		args = append(args, "-memory="+strconv.Itoa(limit))
	}
	return step{v: v, at: at, last: 30 * time.Second, args: args, do: func(_ context.Context, p *process) error {
		onset, err := p.onset("leak " + strconv.Itoa(rate))
		if err != nil {
			return err
		}
		if err := p.wait(); err == nil {
			return errors.New("it was not killed")
		}
		c := outcome{covered: time.Since(onset)}
		for _, f := range profiles(p.dir, subject.LeakFault, map[string]int64{}) {
			if f.kind == "heap" && f.shows {
				c.shows = time.Nanosecond
				c.share = max(c.share, f.share)
			}
		}
		progress("race at %d MB/s, %s %s: killed after %.2f s, the leak is %.0f %% of the profile", rate/1e6, v.exe, v.interval, c.covered.Seconds(), c.share*100)
		r.add(raceKey(rate), v, c)
		return nil
	}}
}
