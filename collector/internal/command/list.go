package command

import (
	"context"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/flame"
	"github.com/go-holmes/holmes/collector/internal/source"
	"github.com/go-holmes/holmes/collector/internal/term"
)

const listEssay = `
holmes ls lists events, the newest first, or profiles with -profiles. It asks a collector, or looks into a directory:

  holmes ls -service shop -signal cpu -from 24h
  holmes ls -match 'version=~"2\..*"' -match 'region!="eu"'
  holmes ls -dir /var/lib/shop/holmes
  holmes ls -profiles -type heap -json`

func runList(ctx context.Context, std Std, args []string) error {
	var where location
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
	src, err := where.open()
	if err != nil {
		return err
	}
	if profiles {
		return listProfiles(ctx, std, src, q, where.json)
	}
	events, err := src.Events(ctx, collector.EventQuery{
		Service: q.Service, Signal: w.signal, State: w.state, Culprit: w.culprit, Labels: q.Labels, Matchers: q.Matchers,
		From: q.From, To: q.To, Limit: q.Limit,
	})
	if err != nil {
		return err
	}
	if where.json {
		err = term.JSON(std.Out, map[string]any{"events": events})
	} else {
		err = term.Table(std.Out, "AT\tSERVICE\tSIGNAL\tSTATE\tID\tWHAT", events, func(e api.Event) []string {
			return []string{stamp(e.At), e.Service, e.Signal, e.State, e.ID, e.Sentence}
		})
	}
	return none(err, len(events), "event")
}

func listProfiles(ctx context.Context, std Std, src source.Source, q collector.Query, asJSON bool) error {
	profiles, err := src.Profiles(ctx, q)
	if err != nil {
		return err
	}
	if asJSON {
		err = term.JSON(std.Out, map[string]any{"profiles": profiles})
	} else {
		err = term.Table(std.Out, "AT\tSERVICE\tTYPE\tSIZE\tLABELS\tID", profiles, func(p api.Profile) []string {
			return []string{stamp(p.CreatedAt), p.Service, string(p.Type), flame.Format(float64(p.Size), "bytes"), p.Labels.String(), p.ID}
		})
	}
	return none(err, len(profiles), "profile")
}

// none returns an error, and so an exit status, for a search without results.
func none(err error, n int, what string) error {
	if err == nil && n == 0 {
		return collector.Errorf(collector.NotFound, "no %s was found", what)
	}
	return err
}
