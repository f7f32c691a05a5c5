package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/flame"
)

const listEssay = `
holmes ls lists events, the newest first, or profiles with -profiles. It asks a collector, or looks into a directory:

  holmes ls -service shop -signal cpu -from 24h
  holmes ls -dir /var/lib/shop/holmes
  holmes ls -profiles -type heap -json`

func list(ctx context.Context, std stdio, args []string) error {
	var where place
	var w window
	var profiles bool
	s := newSettings("ls", listEssay)
	where.set(s)
	w.set(s)
	s.flags.StringVar(&w.signal, "signal", "", "events of this `signal`: cpu, mem, goroutine, ...")
	s.flags.StringVar(&w.state, "state", "", "events in this `state`: confirmed or unconfirmed")
	s.flags.StringVar(&w.culprit, "culprit", "", "events for which this `function` is blamed")
	s.flags.BoolVar(&profiles, "profiles", false, "list profiles, not events")
	if err := s.parse(std, args); err != nil {
		return err
	}
	q, err := w.query()
	if err != nil {
		return err
	}
	e, err := where.open()
	if err != nil {
		return err
	}
	if profiles {
		return listProfiles(ctx, std, e, q, where.json)
	}
	events, err := e.events(ctx, collector.EventQuery{
		Service: q.Service, Signal: w.signal, State: w.state, Culprit: w.culprit, Labels: q.Labels, From: q.From, To: q.To, Limit: q.Limit,
	})
	if err != nil {
		return err
	}
	if where.json {
		err = printJSON(std.out, map[string]any{"events": events})
	} else {
		err = printTable(std.out, "AT\tSERVICE\tSIGNAL\tSTATE\tID\tWHAT", events, func(e api.Event) []string {
			return []string{stamp(e.At), e.Service, e.Signal, e.State, e.ID, e.Sentence}
		})
	}
	return none(err, len(events), "event")
}

func listProfiles(ctx context.Context, std stdio, e evidence, q collector.Query, asJSON bool) error {
	profiles, err := e.profiles(ctx, q)
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(std.out, map[string]any{"profiles": profiles})
	} else {
		err = printTable(std.out, "AT\tSERVICE\tTYPE\tSIZE\tLABELS\tID", profiles, func(p api.Profile) []string {
			return []string{stamp(p.CreatedAt), p.Service, string(p.Type), flame.Format(float64(p.Size), "bytes"), p.Labels.String(), p.ID}
		})
	}
	return none(err, len(profiles), "profile")
}

// none is the error for a search that has found nothing, so that scripts see it.
func none(err error, n int, what string) error {
	if err == nil && n == 0 {
		return collector.Errorf(collector.NotFound, "no %s was found", what)
	}
	return err
}

const showEssay = `
holmes show prints one event: what it says, who is to blame, which evidence there is. With -json it is the whole event.json.

  holmes show 20261121T003331.410124209Z-cpu-023769aa
  holmes show -dir /var/lib/shop/holmes 20261121T003331.410124209Z-cpu-023769aa`

func show(ctx context.Context, std stdio, args []string) error {
	var where place
	s := newSettings("show", showEssay)
	s.args = "<event>"
	where.set(s)
	if err := s.parse(std, args); err != nil {
		return err
	}
	if s.flags.NArg() != 1 {
		return usageError{errors.New("holmes show: one event is needed, by its ID; holmes ls lists them")}
	}
	from, err := where.open()
	if err != nil {
		return err
	}
	id := s.flags.Arg(0)
	if where.json {
		f, err := from.file(ctx, id, collector.EventFile)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(std.out, f)
		return err
	}
	e, err := from.event(ctx, id)
	if err != nil {
		return err
	}
	return printEvent(std.out, &e, &where)
}

func printEvent(w io.Writer, e *api.Event, where *place) error {
	fmt.Fprintf(w, "%s\n\n%s  %s %s, %s", e.Sentence, stamp(e.At), e.Service, e.Signal, e.State)
	if labels := e.Labels.String(); labels != "" {
		fmt.Fprintf(w, ", %s", labels)
	}
	fmt.Fprintln(w)
	if len(e.Culprits) > 0 {
		title := "candidates"
		if e.Confident {
			title = "culprits"
		}
		fmt.Fprintf(w, "\n%s: %s\n", title, strings.Join(e.Culprits, ", "))
	}
	fmt.Fprintln(w)
	return printTable(w, "FILE\tTYPE\tTAKEN\tSECONDS\tSIZE\tOPEN WITH", e.Profiles, func(p api.Profile) []string {
		at := ""
		if where.dir != "" {
			at = "-dir " + where.dir + " "
		} else if where.server != defaultServer {
			at = "-server " + where.server + " "
		}
		open := "holmes top " + at + e.ID + "/" + p.File
		if !p.Type.Pprof() {
			open = "go tool trace"
		}
		return []string{p.File, string(p.Type), stamp(p.CreatedAt), fmt.Sprintf("%.1f", p.DurationSeconds), flame.Format(float64(p.Size), "bytes"), open}
	})
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05") }

// printJSON prints an object for people and programs.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// printTable prints rows below a heading. What a sender wrote may hold no control
// characters for the terminal.
func printTable[T any](w io.Writer, heading string, rows []T, of func(T) []string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, heading)
	for _, row := range rows {
		var cells []string
		for _, cell := range of(row) {
			cells = append(cells, plain(cell))
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	return t.Flush()
}

// plain takes out what a terminal would obey.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 {
			return '?'
		}
		return r
	}, text)
}

// moment reads a time of the command line: in UTC, or an age.
func moment(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	var a age
	if a.Set(strings.TrimPrefix(text, "-")) == nil {
		return time.Now().Add(-time.Duration(a)), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, usageError{fmt.Errorf("holmes: -%s: %q is neither a time like 2026-05-04T03:02:01 nor an age like 24h", name, text)}
}
