package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/pprof/profile"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/flame"
	"github.com/go-holmes/holmes/collector/internal/render"
	"github.com/go-holmes/holmes/collector/internal/source"
	"github.com/go-holmes/holmes/collector/internal/term"
)

const flameEssay = `
holmes flame draws a profile as a flame graph, or with -base what changed. The picture is SVG, with zoom and search when
it is opened in a browser.

  holmes flame -o cpu.svg cpu.pb.gz
  holmes flame -base before.pb.gz -o diff.svg after.pb.gz
` + whatEssay

func runFlame(ctx context.Context, std Std, args []string) error {
	v := &view{}
	var base, out string
	var plain bool
	s := newSettings("flame", flameEssay)
	v.set(s)
	s.flags.StringVar(&base, "base", "", "draw what changed against this `profile`")
	s.flags.StringVar(&out, "o", "", "write to this `file`, not to standard output")
	s.flags.StringVar(&v.search, "search", "", "mark functions whose name contains this `text`")
	s.flags.StringVar(&v.focus, "focus", "", "draw only what this `function` called")
	s.flags.BoolVar(&plain, "plain", false, "leave the script for zoom and search out")
	if err := s.parse(std, args); err != nil {
		return err
	}
	if v.json {
		return v.printStacks(ctx, std, s.flags.Args(), base)
	}
	d, err := v.both(ctx, s.flags.Args(), base)
	if err != nil {
		return err
	}
	o := v.options(d)
	o.Script = !plain
	return save(std, out, flame.New(d.Stacks(), o).WriteSVG)
}

// both loads a profile and its base.
func (v *view) both(ctx context.Context, names []string, base string) (*render.Drawing, error) {
	if len(names) > 1 {
		return nil, usageError{errors.New("holmes flame: one profile at a time; -base is what it is compared with")}
	}
	after, err := v.one(ctx, names)
	if err != nil {
		return nil, err
	}
	var before *profile.Profile
	if base != "" {
		if before, err = source.Find(ctx, v.open, v.kind, base); err != nil {
			return nil, err
		}
	}
	return v.drawing(after, before)
}

// A stackView is a stack as -json prints it.
type stackView struct {
	Calls []string `json:"calls"` // the root first
	Value float64  `json:"value"`
	Base  float64  `json:"base,omitempty"`
}

// printStacks prints the stacks of the picture.
func (v *view) printStacks(ctx context.Context, std Std, names []string, base string) error {
	d, err := v.both(ctx, names, base)
	if err != nil {
		return err
	}
	o := d.Options()
	stacks := []stackView{}
	for s := range d.Stacks() {
		view := stackView{Calls: []string{}, Value: s.Value * o.Scale, Base: s.Base * o.BaseScale}
		for _, f := range s.Frames {
			view.Calls = append(view.Calls, f.Function)
		}
		stacks = append(stacks, view)
	}
	return term.JSON(std.Out, map[string]any{"sample": d.Value, "unit": d.Unit, "measure": d.Measure, "stacks": stacks})
}

// save writes a file atomically, or to standard output.
func save(std Std, path string, write func(io.Writer) error) error {
	if path == "" {
		return write(std.Out)
	}
	temporary := fmt.Sprintf("%s.%d.tmp", path, time.Now().UnixNano())
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return collector.Errorf(collector.Internal, "-o: %w", err)
	}
	err = write(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = os.Remove(temporary)
	}
	return err
}
