package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/flame"
	"github.com/go-holmes/holmes/collector/internal/term"
)

const showEssay = `
holmes show prints one event: its sentence, its culprits and its evidence. With -json it prints the whole event.json.

  holmes show 20261121T003331.410124209Z-cpu-023769aa
  holmes show -dir /var/lib/shop/holmes 20261121T003331.410124209Z-cpu-023769aa`

func runShow(ctx context.Context, std Std, args []string) error {
	var where location
	s := newSettings("show", showEssay)
	s.args = "<event>"
	where.set(s)
	if err := s.parse(std, args); err != nil {
		return err
	}
	if s.flags.NArg() != 1 {
		return usageError{errors.New("holmes show: one event is needed, by its ID; holmes ls lists them")}
	}
	src, err := where.open()
	if err != nil {
		return err
	}
	id := s.flags.Arg(0)
	if where.json {
		f, err := src.File(ctx, id, collector.EventFile)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(std.Out, f)
		return err
	}
	e, err := src.Event(ctx, id)
	if err != nil {
		return err
	}
	return printEvent(std.Out, &e, &where)
}

func printEvent(w io.Writer, e *api.Event, where *location) error {
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
	return term.Table(w, "FILE\tTYPE\tTAKEN\tSECONDS\tSIZE\tOPEN WITH", e.Profiles, func(p api.Profile) []string {
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
