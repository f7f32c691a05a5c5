package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"time"

	"github.com/google/pprof/profile"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/flame"
)

const whatEssay = `
A profile is named by a file here, by an event (<event>, or <event>/<file>), or by its ID. Without a name, those that
-service, -type, -labels, -from and -to find are added up.`

const topEssay = `
holmes top lists the functions of a profile, the largest first: what was measured in each itself, and with what it called.

  holmes top cpu.pb.gz
  holmes top 20261121T003331.410124209Z-cpu-023769aa
  holmes top -service shop -type cpu -from 1h
` + whatEssay

const diffEssay = `
holmes diff lists the functions that changed between two profiles, those that changed most first. Values of the first
are scaled to the length of the second where both have one.

  holmes diff before.pb.gz after.pb.gz
  holmes diff -json <event>/heap.pb.gz <event>/heap-gc.pb.gz
` + whatEssay

const flameEssay = `
holmes flame draws a profile as a flame graph, or with -base what changed. The picture is SVG, with zoom and search when
it is opened in a browser.

  holmes flame -o cpu.svg cpu.pb.gz
  holmes flame -base before.pb.gz -o diff.svg after.pb.gz
` + whatEssay

// A view is what top, diff and flame have in common.
type view struct {
	place
	window
	sample, module, search, focus string
	rows                          int
}

func (v *view) set(s *settings) {
	v.place.set(s)
	v.window.set(s)
	s.flags.StringVar(&v.sample, "sample", "", "show the values of this `name`, such as alloc_space")
	s.flags.StringVar(&v.module, "module", "", "code of the modules below this `path` is our own")
	s.args = "[profile]"
}

// one returns the profile that is meant.
func (v *view) one(ctx context.Context, names []string) (*profile.Profile, error) {
	if len(names) == 1 {
		return find(ctx, &v.place, v.kind, names[0])
	}
	if v.service == "" || v.kind == "" {
		return nil, usageError{errors.New("holmes: which profile: name one, or give -service and -type")}
	}
	q, err := v.query()
	if err != nil {
		return nil, err
	}
	e, err := v.open()
	if err != nil {
		return nil, err
	}
	return readProfile(e.merged(ctx, q))
}

// A pair is what is shown: one profile, or two that are compared.
type pair struct {
	after, before *profile.Profile
	index, base   int
}

func (v *view) pair(after, before *profile.Profile) (p *pair, err error) {
	p = &pair{after: after, before: before}
	if p.index, err = flame.Index(after, v.sample); err != nil {
		return nil, usageError{err}
	}
	if before != nil {
		if p.base, err = flame.Index(before, after.SampleType[p.index].Type); err != nil {
			return nil, fmt.Errorf("holmes: these are different kinds of profile: %w", err)
		}
	}
	return p, nil
}

func (p *pair) stacks() iter.Seq[flame.Stack] {
	if p.before == nil {
		return flame.Stacks(p.after, p.index)
	}
	scale := 1.0
	if p.after.DurationNanos > 0 && p.before.DurationNanos > 0 {
		scale = float64(p.after.DurationNanos) / float64(p.before.DurationNanos)
	}
	return flame.Difference(p.after, p.before, p.index, p.base, scale)
}

func (p *pair) options(v *view) flame.Options {
	t := p.after.SampleType[p.index]
	return flame.Options{Title: t.Type, Unit: t.Unit, Diff: p.before != nil, Module: v.module, Search: v.search, Focus: v.focus}
}

func top(ctx context.Context, std stdio, args []string) error {
	v := &view{}
	s := newSettings("top", topEssay)
	v.set(s)
	s.flags.IntVar(&v.rows, "n", 30, "print so `many` functions; 0 is all")
	if err := s.parse(std, args); err != nil {
		return err
	}
	if s.flags.NArg() > 1 {
		return usageError{errors.New("holmes top: one profile at a time; holmes diff compares two")}
	}
	one, err := v.one(ctx, s.flags.Args())
	if err != nil {
		return err
	}
	p, err := v.pair(one, nil)
	if err != nil {
		return err
	}
	return v.print(std.out, p)
}

func diff(ctx context.Context, std stdio, args []string) error {
	v := &view{}
	s := newSettings("diff", diffEssay)
	v.set(s)
	s.args = "<before> <after>"
	s.flags.IntVar(&v.rows, "n", 30, "print so `many` functions; 0 is all")
	if err := s.parse(std, args); err != nil {
		return err
	}
	if s.flags.NArg() != 2 {
		return usageError{errors.New("holmes diff: two profiles are needed: that of before and that of after")}
	}
	before, err := v.one(ctx, s.flags.Args()[:1])
	if err != nil {
		return err
	}
	after, err := v.one(ctx, s.flags.Args()[1:])
	if err != nil {
		return err
	}
	p, err := v.pair(after, before)
	if err != nil {
		return err
	}
	return v.print(std.out, p)
}

// print prints the table of functions.
func (v *view) print(w io.Writer, p *pair) error {
	o := p.options(v)
	table := flame.Top(p.stacks(), o)
	total := len(table.Rows)
	if v.rows > 0 && total > v.rows {
		table.Rows = table.Rows[:v.rows]
	}
	if v.json {
		return printJSON(w, tableView(table, &o))
	}
	fmt.Fprintf(w, "%s: %s in all", o.Title, flame.Format(table.Total, o.Unit))
	if o.Diff {
		fmt.Fprintf(w, ", %s before: %s", flame.Format(table.TotalBase, o.Unit), flame.Change(table.Total, table.TotalBase, o.Unit))
	}
	fmt.Fprintf(w, "; %d of %d functions\n", len(table.Rows), total)
	heading := "ITSELF\t\tWITH CALLS\t\tFUNCTION"
	if o.Diff {
		heading = "ITSELF\tCHANGE\tWITH CALLS\tCHANGE\tFUNCTION"
	}
	err := printTable(w, heading, table.Rows, func(r flame.Row) []string {
		flat, cum := flame.Percent(share(r.Flat, table.Total)), flame.Percent(share(r.Cum, table.Total))
		if o.Diff {
			flat, cum = flame.Change(r.Flat, r.FlatBase, o.Unit), flame.Change(r.Cum, r.CumBase, o.Unit)
		}
		return []string{flame.Format(r.Flat, o.Unit), flat, flame.Format(r.Cum, o.Unit), cum, r.Function}
	})
	return none(err, total, "function")
}

func share(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

// A rowView is a function as -json prints it.
type rowView struct {
	Function string  `json:"function"`
	Flat     float64 `json:"flat"`
	Cum      float64 `json:"cum"`
	FlatBase float64 `json:"flat_base,omitempty"`
	CumBase  float64 `json:"cum_base,omitempty"`
}

func tableView(t *flame.Table, o *flame.Options) any {
	rows := []rowView{}
	for _, r := range t.Rows {
		rows = append(rows, rowView{r.Function, r.Flat, r.Cum, r.FlatBase, r.CumBase})
	}
	return struct {
		Sample    string    `json:"sample"`
		Unit      string    `json:"unit"`
		Total     float64   `json:"total"`
		TotalBase float64   `json:"total_base,omitempty"`
		Rows      []rowView `json:"rows"`
	}{o.Title, o.Unit, t.Total, t.TotalBase, rows}
}

func drawFlame(ctx context.Context, std stdio, args []string) error {
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
	p, err := v.both(ctx, s.flags.Args(), base)
	if err != nil {
		return err
	}
	o := p.options(v)
	o.Script = !plain
	return save(std, out, flame.New(p.stacks(), o).WriteSVG)
}

// both loads a profile and what it is compared with.
func (v *view) both(ctx context.Context, names []string, base string) (*pair, error) {
	if len(names) > 1 {
		return nil, usageError{errors.New("holmes flame: one profile at a time; -base is what it is compared with")}
	}
	after, err := v.one(ctx, names)
	if err != nil {
		return nil, err
	}
	var before *profile.Profile
	if base != "" {
		if before, err = find(ctx, &v.place, v.kind, base); err != nil {
			return nil, err
		}
	}
	return v.pair(after, before)
}

// A stackView is a stack as -json prints it.
type stackView struct {
	Calls []string `json:"calls"` // the root first
	Value int64    `json:"value"`
	Base  int64    `json:"base,omitempty"`
}

// printStacks prints what the picture is made of.
func (v *view) printStacks(ctx context.Context, std stdio, names []string, base string) error {
	p, err := v.both(ctx, names, base)
	if err != nil {
		return err
	}
	stacks := []stackView{}
	for s := range p.stacks() {
		view := stackView{Calls: []string{}, Value: s.Value, Base: s.Base}
		for _, f := range s.Frames {
			view.Calls = append(view.Calls, f.Function)
		}
		stacks = append(stacks, view)
	}
	t := p.after.SampleType[p.index]
	return printJSON(std.out, map[string]any{"sample": t.Type, "unit": t.Unit, "stacks": stacks})
}

// save writes to a file that appears whole or not at all, or to standard output.
func save(std stdio, path string, write func(io.Writer) error) error {
	if path == "" {
		return write(std.out)
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
