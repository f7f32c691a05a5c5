package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-holmes/holmes"
)

func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.out, "\n"+format+"\n", args...)
}

// tick waits for a second and shows the signals and new events. It returns false
// when ctx has ended.
func (d *demo) tick(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-d.second.C:
	}
	fmt.Fprintln(d.out, line(time.Since(d.began), d.holmes.Stats()))
	for _, e := range d.news() {
		d.arrived = append(d.arrived, e)
		d.show(e)
	}
	return true
}

// line is one second in one line: each signal with its value and state.
func line(at time.Duration, s holmes.Stats) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%3.0f s", at.Seconds())
	for _, signal := range s.Signals {
		value := fmt.Sprintf("%6.0f", signal.Value)
		if signal.Limit > 0 {
			value = fmt.Sprintf("%4.0f %%", signal.Value)
		}
		if signal.Err != nil {
			value = "  ?   "
		}
		fmt.Fprintf(&out, "   %s %s %-9s", signal.Signal, value, signal.State)
	}
	return strings.TrimRight(out.String(), " ")
}

// news returns the events that were delivered since the last call. The reporter
// renames a complete event into place, so each one can be read.
func (d *demo) news() []*holmes.Event {
	entries, _ := os.ReadDir(d.delivered()) // does not exist before the first event
	var out []*holmes.Event
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") || d.seen[entry.Name()] {
			continue
		}
		d.seen[entry.Name()] = true
		e, err := holmes.LoadEvent(filepath.Join(d.delivered(), entry.Name()))
		if err != nil {
			d.say("%v", err)
			continue
		}
		out = append(out, e)
	}
	return out
}

// show prints an event, its files, and the commands that open them.
func (d *demo) show(e *holmes.Event) {
	d.say("EVENT %s\n  %s\n  in %s", e.State, e.Sentence(), e.Dir)
	for i := range e.Profiles {
		p := &e.Profiles[i]
		if !p.Captured() {
			fmt.Fprintf(d.out, "  no %s profile: %s\n", p.Kind, p.Note)
			continue
		}
		viewer := "go tool pprof -http=:"
		if p.Kind == holmes.KindTrace {
			viewer = "go tool trace"
		}
		fmt.Fprintf(d.out, "  %s %s\n", viewer, p.Path)
	}
	fmt.Fprintln(d.out)
}
